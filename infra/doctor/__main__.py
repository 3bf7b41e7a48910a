"""`make doctor`: what is wrong with an installation and how to mend it, a line each; ends with 2 when something is.

For the operator, with the variables of the installation set; infra/README.md, «When something is wrong», says how.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from infra import supabase, telegram
from infra.doctor import addresses, machine, processes, redis_servers, rest, settings
from infra.doctor import telegram as bot_api
from infra.doctor.finding import Finding
from infra.doctor.settings import Installation
from infra.supabase import Database


async def of_network(own: Installation) -> AsyncIterator[Finding]:
    """Yield what is wrong with all that is asked over the network."""
    async for one in redis_servers.of_queue(str(own.bot.redis_url)):
        yield one
    async for one in redis_servers.of_cache(str(own.bot.redis_cache_url), str(own.bot.redis_url)):
        yield one
    async with supabase.open_http() as http:
        async for one in processes.of_processes(own, http):
            yield one
        async for one in of_supabase(own, http):
            yield one
        async for one in of_telegram(own, http):
            yield one
    # Most often one name has one certificate for both.
    for url in {(url.host, url.port): url for url in (own.bot.webhook_url, own.admin.admin_url)}.values():
        async for one in addresses.of_certificate(url):
            yield one


async def of_supabase(own: Installation, http: supabase.Http) -> AsyncIterator[Finding]:
    """Yield what is wrong with the project; its doors are tried when it answers at all."""
    url, key = own.admin.supabase, own.bot.supabase_service_role_key.get_secret_value()
    service, public = rest.Supabase(http, url, key), rest.Supabase(http, url, own.admin.supabase_anon_key)
    is_there = True
    async for one in rest.of_service(Database(http, url, key)):
        is_there = is_there and one.part == "firm"
        yield one
    if is_there:
        async for one in rest.of_doors(service, public):
            yield one
        async for one in rest.of_keys(public, has_secret=own.admin.supabase_jwt_secret is not None):
            yield one


async def of_telegram(own: Installation, http: supabase.Http) -> AsyncIterator[Finding]:
    """Yield what is wrong with the bot in Telegram's eyes, and with our clock."""
    key = own.bot.supabase_service_role_key.get_secret_value()
    bot = telegram.connect(own.bot.telegram_bot_token.get_secret_value(), str(own.bot.telegram_api_url))
    try:
        async for one in bot_api.of_bot(bot, Database(http, own.admin.supabase, key)):
            yield one
        async for one in bot_api.of_webhook(bot, own.bot):
            yield one
    finally:
        await bot.session.close()
    if theirs := await bot_api.clock(http, own.bot):
        for one in machine.of_clock("Telegram's", theirs, datetime.now(UTC)):
            yield one


def of_database() -> Iterator[Finding]:
    """Yield what only the database's own address shows, or that it was not looked at."""
    try:
        from infra.doctor import database  # noqa: PLC0415 (the image has neither psycopg nor the migrations)
    except ImportError:
        yield Finding(
            "database", mend="migrations, policies and triggers were not looked at: an image has no way to them"
        )
        return
    yield from database.findings(datetime.now(UTC))


async def examine() -> list[Finding]:
    """Return all that is found."""
    if wrong := list(settings.wrong()):
        return [*wrong, *machine.of_disk()]
    own = settings.read()
    found = [*addresses.of_admin(own.admin), *machine.of_disk()]
    found += [one async for one in of_network(own)]
    return [*found, *of_database()]


def main() -> int:
    """Print what is found; return the exit code."""
    found = asyncio.run(examine())
    for one in found:
        print(one)
    wrong = sum(bool(one.what) for one in found)
    print(f"{wrong} to mend" if wrong else "well")
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
