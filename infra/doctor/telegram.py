"""Telegram: that it knows the bot, comes where the bot listens, and lets it read."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramUnauthorizedError

from bot.settings import BotSettings
from infra import masking
from infra.doctor.finding import Finding
from infra.supabase import Database, Refused, Unavailable

RECENT = timedelta(hours=1)


async def of_bot(bot: Bot, database: Database) -> AsyncIterator[Finding]:
    """Yield that Telegram does not know the bot, or that it is deaf in some groups."""
    try:
        me = await bot.get_me()
    except TelegramUnauthorizedError:
        yield Finding("telegram", "the token is not valid", "take a new one from @BotFather: TELEGRAM_BOT_TOKEN")
        return
    except AiogramError as error:
        mend = "look at this machine's way out, and at TELEGRAM_API_URL"
        yield Finding("telegram", f"it does not answer: {type(error).__name__}", mend)
        return
    if not me.can_read_all_group_messages and (deaf := await _deaf_groups(database)):
        mend = "@BotFather, /setprivacy, Disable, then remove and add the bot; or make it an administrator there"
        yield Finding("telegram", f"privacy mode is on and the bot is deaf in {deaf} groups", mend)


async def _deaf_groups(database: Database) -> int:
    try:
        found: Any = await database.read("chat_health", "id", check="may_read", state="red")
    except (Refused, Unavailable):
        return 0  # said of Supabase already
    return len(found)


async def of_webhook(bot: Bot, settings: BotSettings) -> AsyncIterator[Finding]:
    """Yield what keeps updates from the bot."""
    try:
        told = await bot.get_webhook_info()
    except AiogramError:
        return  # said of the bot already
    if told.url != str(settings.webhook_url):
        what = "the webhook leads elsewhere" if told.url else "there is no webhook"
        yield Finding("telegram", what, "start the bot: it sets it, again within half a minute, to WEBHOOK_URL")
    if told.last_error_date and told.last_error_date > datetime.now(UTC) - RECENT:
        said = masking.sentence(told.last_error_message or "")
        mend = "403: TELEGRAM_WEBHOOK_SECRET differs between copies; 5xx or no answer: look at the bot and the proxy"
        yield Finding("telegram", f"it could not deliver ({said}), {told.pending_update_count} updates wait", mend)


async def clock(http: httpx.AsyncClient, settings: BotSettings) -> datetime | None:
    """Return the time at Telegram, in whole seconds; none when it does not tell."""
    try:
        answer = await http.get(str(settings.telegram_api_url))
    except httpx.HTTPError:
        return None
    return parsedate_to_datetime(answer.headers["date"]) if "date" in answer.headers else None
