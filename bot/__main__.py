"""The bot process: connect, tell Telegram where we listen, listen."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from litestar import Litestar
from litestar.types import ASGIApp

from bot import dispatcher
from bot.batching import Batcher
from bot.files import files_route
from bot.intake import UPDATES
from bot.lanes import Lanes
from bot.messages.buttons import Buttons
from bot.presence import presence
from bot.reception import Reception
from bot.settings import BotSettings
from bot.throttling import Throttle
from bot.webhook import with_webhook
from infra import redis, serving, supabase, telegram, telemetry
from infra.settings import load
from infra.throttling import Limiter

# Tries at the webhook: several copies that start at once are told to wait for each other.
ANNOUNCEMENTS = 5

log = structlog.get_logger()


async def announce(bot: Bot, settings: BotSettings) -> None:
    """Set the webhook; what passes is waited for, anything else ends the process with a line that says why."""
    secret = settings.telegram_webhook_secret.get_secret_value()
    for patience in range(ANNOUNCEMENTS, 0, -1):
        try:
            await bot.set_webhook(str(settings.webhook_url), secret_token=secret, allowed_updates=list(UPDATES))
        except (TelegramRetryAfter, TelegramServerError, TelegramNetworkError) as error:
            if patience > 1:
                log.warning("webhook_not_set_yet", reason=type(error).__name__)
                await asyncio.sleep(getattr(error, "retry_after", 1))
                continue
            sys.exit(f"cannot start: {settings.telegram_api_url} does not answer: {error}. Check TELEGRAM_API_URL.")
        except AiogramError as error:
            sys.exit(f"cannot start: Telegram refused the webhook: {error}. Check TELEGRAM_BOT_TOKEN and WEBHOOK_URL.")
        return


@asynccontextmanager
async def connected(settings: BotSettings) -> AsyncGenerator[ASGIApp]:
    """Yield the app with everything it stands on open; close it in the right order afterwards."""
    token = settings.telegram_bot_token.get_secret_value()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(supabase.open_http())
        database = supabase.Database(
            http, str(settings.supabase_url), settings.supabase_service_role_key.get_secret_value()
        )
        queue = redis.connect(str(settings.redis_url))
        stack.push_async_callback(queue.aclose)
        hints = await stack.enter_async_context(redis.Hints(queue))
        bot = telegram.connect(token, str(settings.telegram_api_url))
        stack.push_async_callback(bot.session.close)
        throttle = Throttle(Limiter(queue), settings.rate_limit_high)
        listener = dispatcher.build(throttle, database=database, buttons=Buttons(token), hints=hints)
        lanes, batcher = Lanes(), Batcher(database, hints)
        stack.push_async_callback(lanes.drain, 5)
        stack.push_async_callback(batcher.close)

        await announce(bot, settings)
        await stack.enter_async_context(presence(bot, database))
        health = telemetry.handlers("bot", needed={"supabase": database.ping}, wanted={"redis": queue.ping})
        files = files_route(bot, http, str(settings.supabase_url))
        app = Litestar([files, *health], openapi_config=None, logging_config=None)
        secret = settings.telegram_webhook_secret.get_secret_value()
        yield with_webhook(app, Reception(bot, listener, batcher, lanes), secret)


async def main() -> None:
    """Run until SIGTERM."""
    settings = load(BotSettings)
    telemetry.configure_logging("bot", settings.log_level)
    async with connected(settings) as app:
        log.info("bot_started", port=settings.port)
        await serving.serve(app, settings.host, settings.port)
    log.info("bot_stopped")


if __name__ == "__main__":
    serving.run(main())
