"""What the bot tells the database of itself: who it is to Telegram, and that it takes messages in (S16)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError

from bot.introduction import introduce
from bot.webhook_watch import WebhookWatch
from infra.supabase import Database, Refused, Unavailable
from infra.telemetry import Check, outcome

SECONDS = 30

log = structlog.get_logger()


@asynccontextmanager
async def presence(bot: Bot, database: Database, seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Say who we are and, while the block runs, every so many seconds that we are there."""
    task = asyncio.create_task(_keep_saying(bot, database, seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def look(watch: WebhookWatch, parts: Mapping[str, Check]) -> dict[str, Any]:
    """Return what only the bot can see: how its parts are, and what Telegram says of the webhook."""
    checks = {name: await outcome(check) for name, check in parts.items()}
    try:
        webhook = await watch.look()
    except AiogramError as error:
        return {"checks": {**checks, "telegram": type(error).__name__}}
    return {"checks": {**checks, "telegram": "ok"}, "webhook": webhook}


async def _keep_saying(bot: Bot, database: Database, seconds: float) -> None:
    is_known = False
    while True:
        # Later than at the start, too: somebody could not be asked then.
        is_known = is_known or await _is_heard("note_bot", introduce(bot, database))
        await _is_heard("note_intake", database.call("note_intake"))
        await asyncio.sleep(seconds)


async def _is_heard(function: str, saying: Awaitable[Any]) -> bool:
    """Return whether there is no use in saying it again: what was refused once is refused until the next start."""
    try:
        await saying
    except Refused as refusal:
        log.warning("note_refused", function=function, code=refusal.code)
    except (AiogramError, Unavailable) as error:
        log.warning("note_not_taken", function=function, reason=type(error).__name__)
        return False
    except Exception as error:
        # Whatever a proxy answers in the database's place, the next note is due in its time.
        log.error("note_failed", function=function, exc_info=error)
        return False
    return True
