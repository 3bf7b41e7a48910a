"""One update at a time through record, commit and answer."""

from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from prometheus_client import Counter
from pydantic import ValidationError

from bot.asides import Asides
from bot.batching import Batcher
from bot.identity import author_of
from bot.intake import UPDATES, Record, kind_of, record_of, wants_answer
from bot.lanes import Lanes
from bot.throttling import Throttle
from infra.supabase import Unavailable

updates = Counter("buhbot_updates_total", "Updates that Telegram brought, by type.", ["type"])
# Looked up once: finding the label costs more than counting.
_counted = {kind: updates.labels(kind) for kind in (*UPDATES, "unknown")}

log = structlog.get_logger()


class Reception:
    """Records what happened, and has the dispatcher handle what wants an answer."""

    def __init__(
        self, bot: Bot, dispatcher: Dispatcher, throttle: Throttle, batcher: Batcher, asides: Asides, lanes: Lanes
    ) -> None:
        self._bot, self._dispatcher, self._throttle = bot, dispatcher, throttle
        self._batcher, self._asides, self._lanes = batcher, asides, lanes

    async def accept(self, update: dict[str, Any]) -> None:
        """Return once the update is safe with us. Raises `Unavailable` when Telegram should bring it again."""
        kind = kind_of(update)
        _counted[kind].inc()
        if kind == "callback_query":
            # Nothing of it is in the database yet: it counts as taken only when it was handled.
            await self._lanes.run(_chat_of(update[kind]), lambda: self._handle(update))
        elif record := record_of(update):
            await self._record(update, record)
        else:
            await self._asides.store(update)

    async def _record(self, update: dict[str, Any], record: Record) -> None:
        is_asking = wants_answer(record)
        outcome = await self._batcher.store(record, author_of(update) if is_asking else None)
        # Before anything else that may fail: a repetition is answered no more.
        if outcome == "recorded" and is_asking:
            verdict = self._throttle.ask(record)
            self._lanes.start(record["chat_id"], lambda: self._answer(update, verdict=verdict))
        if outcome != "rejected":
            await self._asides.store(update, record)

    async def _handle(self, update: dict[str, Any], **known: Any) -> None:
        try:
            await self._dispatcher.feed_raw_update(self._bot, update, **known)
        except ValidationError:
            log.warning("update_not_understood", update_id=update.get("update_id"))

    async def _answer(self, update: dict[str, Any], **known: Any) -> None:
        try:
            await self._handle(update, **known)
        except Unavailable as error:
            # The message itself is recorded; only our reply to it is lost, and the person asks again.
            log.warning("answer_lost", reason=str(error))


def _chat_of(query: dict[str, Any]) -> int:
    """Return the chat in which a button was pressed; 0 when the query names none."""
    match query:
        case {"message": {"chat": {"id": int(chat_id)}}}:
            return chat_id
    return 0
