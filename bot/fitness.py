"""What the bot cannot do without: looked for before it takes anything in, so that an unfit one says why and ends."""

import asyncio
import sys

import structlog
from aiogram.exceptions import AiogramError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from bot.settings import BotSettings
from bot.webhook_watch import WebhookWatch
from infra.supabase import Database, Refused, Unavailable

# Tries: parts that start at the same time are waited for, and several copies are told to wait for each other.
TRIES = 5

log = structlog.get_logger()


async def reach(database: Database, settings: BotSettings) -> None:
    """Return when the database answers; one that stays away, or does not know us, ends the process with a line."""
    for patience in range(TRIES, 0, -1):
        try:
            await database.ping()
        except Unavailable as error:
            if patience > 1:
                log.warning("api_not_reached_yet", reason=str(error))
                await asyncio.sleep(1)
                continue
            # Also where a gateway does not let the key through: then nobody behind it has spoken.
            problem = f"{settings.supabase_url} does not answer"
        except Refused as refusal:
            problem = f"the database refuses us: {refusal.code}"
        else:
            return
        sys.exit(f"cannot start: {problem}. Check SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, and that api is migrated.")


async def announce(watch: WebhookWatch, settings: BotSettings) -> None:
    """Set the webhook; what passes is waited for, anything else ends the process with a line that says why."""
    for patience in range(TRIES, 0, -1):
        try:
            await watch.announce()
        except (TelegramRetryAfter, TelegramServerError, TelegramNetworkError) as error:
            if patience > 1:
                log.warning("webhook_not_set_yet", reason=type(error).__name__)
                await asyncio.sleep(getattr(error, "retry_after", 1))
                continue
            sys.exit(f"cannot start: {settings.telegram_api_url} does not answer: {error}. Check TELEGRAM_API_URL.")
        except AiogramError as error:
            sys.exit(f"cannot start: Telegram refused the webhook: {error}. Check TELEGRAM_BOT_TOKEN and WEBHOOK_URL.")
        return
