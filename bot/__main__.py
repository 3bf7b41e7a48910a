"""The bot process: connect, tell Telegram where we listen, listen."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import structlog
from aiogram import Dispatcher
from litestar import Litestar
from litestar.types import ASGIApp
from redis.asyncio import Redis

from bot import dispatcher
from bot.asides import Asides
from bot.batching import Batcher
from bot.conversation import Conversations
from bot.files import files_route
from bot.fitness import announce, reach
from bot.identity import Person, identities
from bot.lanes import Lanes
from bot.menus import menus
from bot.messages.buttons import Buttons
from bot.patience import Patience
from bot.presence import look, presence
from bot.reception import Reception
from bot.settings import BotSettings
from bot.throttling import Throttle
from bot.turns import Turns
from bot.webhook import with_webhook
from bot.webhook_watch import WebhookWatch, status_route
from infra import errors, redis, reports, serving, supabase, telegram, telemetry
from infra.caching import IDENTITY, Cache, Shelf, announcing, listening
from infra.outage import Outage
from infra.outgoing import Outgoing
from infra.settings import load
from infra.throttling import Limiter

log = structlog.get_logger()


def listener_of(
    settings: BotSettings, queue: Redis, people: Cache[Person], **dependencies: Any
) -> tuple[Dispatcher, Throttle]:
    """Return the dispatcher; all that it asks of the queue's Redis is soft, and shares what is known of an outage."""
    outage = Outage()
    limiter, turns = Limiter(queue, outage), Turns(queue, outage)
    throttle = Throttle(limiter, settings.rate_limit_high)
    listener = dispatcher.build(
        throttle,
        people,
        Conversations(queue, outage, turns),
        turns,
        limiter=limiter,
        rarely=settings.rate_limit_low,
        **dependencies,
    )
    return listener, throttle


@asynccontextmanager
async def connected(settings: BotSettings) -> AsyncGenerator[ASGIApp]:
    """Yield the app with everything it stands on open; close it in the right order afterwards."""
    token = settings.telegram_bot_token.get_secret_value()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(supabase.open_http())
        queue, cache = redis.connect(str(settings.redis_url)), redis.connect(str(settings.redis_cache_url))
        for client in (queue, cache):
            stack.push_async_callback(client.aclose)
        hints = await stack.enter_async_context(redis.Hints(queue))
        key = settings.supabase_service_role_key.get_secret_value()
        database = supabase.Database(http, str(settings.supabase_url), key, on_call=announcing(hints))
        people = identities(database, Shelf(cache, Outage(), IDENTITY))
        stack.push_async_callback(people.close)
        await stack.enter_async_context(listening(queue, people))
        outgoing = await stack.enter_async_context(Outgoing(database))
        bot = telegram.connect(token, str(settings.telegram_api_url), outgoing, Patience())
        stack.push_async_callback(bot.session.close)
        listener, throttle = listener_of(settings, queue, people, database=database, buttons=Buttons(token))
        lanes, batcher = Lanes(), Batcher(database, hints, people)
        stack.push_async_callback(lanes.drain, 5)
        stack.push_async_callback(batcher.close)

        await reach(database, settings)
        watch = WebhookWatch(bot, queue, settings)
        await announce(watch, settings)
        needed: dict[str, telemetry.Check] = {"supabase": database.ping}
        wanted: dict[str, telemetry.Check] = {"redis": queue.ping, "cache": cache.ping}
        for whatever in (
            errors.telling(queue),
            presence(bot, database),
            reports.reporting("bot", database, partial(look, watch, {**needed, **wanted})),
            menus(bot, database, hints),
        ):
            await stack.enter_async_context(whatever)
        health = telemetry.handlers("bot", needed, wanted)
        files = files_route(bot, http, str(settings.supabase_url))
        app = Litestar([files, status_route(watch), *health], openapi_config=None, logging_config=None)
        secret = settings.telegram_webhook_secret.get_secret_value()
        reception = Reception(bot, listener, throttle, batcher, Asides(database), lanes)
        yield with_webhook(app, reception, secret)


async def main() -> None:
    """Run until SIGTERM."""
    settings = load(BotSettings)
    telemetry.configure_logging("bot", settings.log_level)
    reports.tell_settings(settings)
    async with connected(settings) as app:
        log.info("bot_started", port=settings.port)
        await serving.serve(app, settings.host, settings.port)
    log.info("bot_stopped")


if __name__ == "__main__":
    serving.run(main())
