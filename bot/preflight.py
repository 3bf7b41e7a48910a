"""`python -m bot.preflight`: would this release's bot be well here? Asks all that it stands on, and changes nothing."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
from redis.exceptions import RedisError

from bot.settings import BotSettings
from infra import redis, supabase
from infra.settings import load
from infra.supabase import Database, Refused, Unavailable

TRIES = 4
# What PostgREST says when there is no schema yet, nothing in it, or not what it was told to run before each request.
BEFORE_MIGRATIONS = frozenset({"PGRST106", "PGRST202", "PGRST205", "3F000", "42P01", "42883"})


async def of_redis(name: str, url: str) -> str | None:
    """Return what is wrong with an instance of Redis."""
    client = redis.connect(url)
    try:
        memory = await cast("Awaitable[dict[str, Any]]", client.info("memory"))
    except (RedisError, OSError) as error:
        return f"{name} does not answer: {type(error).__name__}"
    finally:
        await client.aclose()
    policy, fit = memory["maxmemory_policy"], redis.POLICIES[name]
    return None if policy in fit else f"{name} has the policy {policy}: set maxmemory-policy {' or '.join(fit)}"


async def of_supabase(settings: BotSettings) -> str | None:
    """Return what is wrong with the database, as the service sees it."""
    async with supabase.open_http() as http:
        try:
            await Database(
                http, str(settings.supabase_url), settings.supabase_service_role_key.get_secret_value()
            ).ping()
        except Unavailable:
            return f"{settings.supabase_url} does not answer, or does not know SUPABASE_SERVICE_ROLE_KEY"
        except Refused as refusal:
            return (
                None
                if refusal.code in BEFORE_MIGRATIONS
                else f"the database refuses SUPABASE_SERVICE_ROLE_KEY: {refusal.code}"
            )
    return None


async def of_telegram(settings: BotSettings) -> str | None:
    """Return what is wrong with the token, or with the way to Telegram. Asked by hand: aiogram takes long to import."""
    token, api = settings.telegram_bot_token.get_secret_value(), str(settings.telegram_api_url).rstrip("/")
    async with httpx.AsyncClient(timeout=10) as http:
        try:
            answer = await http.get(f"{api}/bot{token}/getMe")
        except httpx.HTTPError as error:
            return f"TELEGRAM_API_URL {api} does not answer: {type(error).__name__}"
    return None if answer.is_success else f"Telegram refuses TELEGRAM_BOT_TOKEN: {answer.status_code}"


async def of_the_public_address(settings: BotSettings) -> str | None:
    """Return why nobody outside could reach us: name, certificate, proxy. Any answer of the proxy will do."""
    async with httpx.AsyncClient(timeout=5) as http:
        try:
            await http.post(str(settings.webhook_url))
        except httpx.HTTPError as error:
            # Its own words say whether it is the name, the way, or the certificate.
            return f"WEBHOOK_URL {settings.webhook_url} cannot be reached: {str(error) or type(error).__name__}"
    return None


async def patiently(ask: Callable[[], Awaitable[str | None]]) -> str | None:
    """Return what is still wrong when it has been asked a few times: what passes is no reason against a release."""
    for _ in range(TRIES - 1):
        if await ask() is None:
            return None
        await asyncio.sleep(1)
    return await ask()


async def main() -> None:
    """End well, or with a line for each thing that is not."""
    settings = load(BotSettings)
    asked: list[Callable[[], Awaitable[str | None]]] = [
        lambda: of_supabase(settings),
        lambda: of_redis("REDIS_URL", str(settings.redis_url)),
        lambda: of_redis("REDIS_CACHE_URL", str(settings.redis_cache_url)),
        lambda: of_telegram(settings),
        lambda: of_the_public_address(settings),
    ]
    found = await asyncio.gather(*map(patiently, asked))
    if problems := [problem for problem in found if problem]:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    asyncio.run(main())
