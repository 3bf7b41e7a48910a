"""Keeps Telegram coming to us: asks it where it delivers, and tells it again when somebody took the webhook away."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import WebhookInfo
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.intake import UPDATES
from bot.settings import BotSettings
from infra import masking, telemetry

# Which way was announced last, by the copy that started last: older ones with another address or secret keep still.
WANTED = "bot:webhook"
# Held by the copy that mends it: the others need not. What is refused for another reason is not mended by hurry.
RESTORING = "bot:webhook:restoring:"
QUIET_SECONDS = {"removed": 30, "changed": 30, "narrowed": 30, "refused": 3600}
FRESH = timedelta(minutes=5)
# As many as Telegram allows; by itself it stops at 40, and of a hundred who write at once sixty wait until others are
# done with. What comes at once is committed at once, whatever its number (`bot.batching.BATCH`).
AT_ONCE = 100

healthy = Gauge("buhbot_webhook_healthy", "1 while Telegram delivers here, without a failure in five minutes; else 0.")
waiting = Gauge("buhbot_webhook_pending_updates", "Updates that Telegram has not delivered yet.")
restored = Counter("buhbot_webhook_restored_total", "How often the webhook had to be set again, by reason.", ["reason"])

log = structlog.get_logger()


class WebhookWatch:
    """One for each copy of the bot; `facts` is what was last seen, none before that and while Telegram is away."""

    def __init__(self, bot: Bot, queue: Redis, settings: BotSettings) -> None:
        self._bot, self._queue = bot, queue
        self._url, self._secret = str(settings.webhook_url), settings.telegram_webhook_secret.get_secret_value()
        way = "\n".join([self._url, self._secret, *sorted(UPDATES)])
        self._way = hashlib.sha256(way.encode()).hexdigest()
        self._restored: dict[str, Any] = {}
        self.facts: dict[str, Any] | None = None

    async def announce(self) -> None:
        """Tell Telegram where we listen, and the other copies that it is the way from now on."""
        await self._set()
        try:
            await self._queue.set(WANTED, self._way)
        except RedisError as error:
            log.warning("webhook_not_shared", reason=type(error).__name__)

    async def look(self) -> dict[str, Any]:
        """Ask Telegram, mend what somebody changed, and return `facts`; raises `AiogramError`."""
        try:
            told = await self._bot.get_webhook_info(request_timeout=2)
        except AiogramError:
            self.facts = None
            healthy.set(0)
            raise
        reason = self._wrong(told)
        is_superseded = reason is not None and not await self._is_wanted()
        if reason and not is_superseded and await self._may_restore(reason):
            await self._restore(reason)
            told, reason = await self._bot.get_webhook_info(request_timeout=2), None
        failed_at = told.last_error_date
        is_ours = reason in {None, "refused"} or is_superseded
        is_failing = failed_at is not None and failed_at > datetime.now(UTC) - FRESH
        healthy.set(is_ours and not is_failing)
        waiting.set(told.pending_update_count)
        self.facts = {
            "is_set": bool(told.url),
            "is_ours": is_ours,
            "waiting": told.pending_update_count,
            "failed_at": failed_at.isoformat() if failed_at else None,
            "failure": masking.sentence(told.last_error_message)[:200] if told.last_error_message else None,
            **self._restored,
        }
        return self.facts

    def _wrong(self, told: WebhookInfo) -> str | None:
        if not told.url:
            return "removed"
        if told.url != self._url:
            return "changed"
        if set(told.allowed_updates or ()) != set(UPDATES):
            return "narrowed"
        # Telegram does not tell the secret: another one shows when we refuse what comes with it.
        is_fresh = told.last_error_date and told.last_error_date > datetime.now(UTC) - FRESH
        return "refused" if is_fresh and "403" in (told.last_error_message or "") else None

    async def _is_wanted(self) -> bool:
        try:
            wanted = await self._queue.get(WANTED)
        except RedisError:
            return True
        return wanted is None or wanted.decode() == self._way

    async def _may_restore(self, reason: str) -> bool:
        """Return whether it is on us. Without Redis each copy does it: they all say the same."""
        try:
            return bool(await self._queue.set(RESTORING + reason, 1, nx=True, ex=QUIET_SECONDS[reason]))
        except RedisError:
            return True

    async def _restore(self, reason: str) -> None:
        await self._set()
        restored.labels(reason).inc()
        self._restored = {"restored_at": datetime.now(UTC).isoformat(), "restored_because": reason}
        log.warning("webhook_restored", reason=reason)

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._url, secret_token=self._secret, allowed_updates=list(UPDATES), max_connections=AT_ONCE
        )


def status_route(watch: WebhookWatch) -> HTTPRouteHandler:
    """Return the route that says to anybody whether Telegram reaches us, and asks nobody: a stranger may ask often."""

    @get("/api/telegram/status", sync_to_thread=False)
    def telegram_status() -> Response[dict[str, Any]]:
        facts = watch.facts
        if facts is None:
            return telemetry.unwell(["telegram"])
        return telemetry.unwell(["webhook"]) if not facts["is_ours"] else telemetry.well()

    return telegram_status
