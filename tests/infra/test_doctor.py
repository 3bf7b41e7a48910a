"""`make doctor` names what is wrong with an installation, a line each, and finds nothing else."""

import asyncio
import re
import resource
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiogram import Bot
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from admin.settings import AdminSettings
from bot.settings import BotSettings
from infra import redis, telegram
from infra.doctor import __main__ as doctor
from infra.doctor import addresses, database, machine, redis_servers, rest
from infra.doctor import telegram as bot_api
from infra.doctor.finding import Finding
from infra.supabase import Database, open_http
from jobs.settings import JobsSettings
from tests.certificates import site
from tests.redis_server import running_redis
from tests.sql.firm import Connection
from tests.stack import Stack
from tests.world import ClientChat

NOBODY = "http://127.0.0.1:1"


def known(env: Mapping[str, str], **changes: str) -> dict[str, Any]:
    return {name.lower(): value for name, value in {**env, **changes}.items()}


def said(found: list[Finding]) -> str:
    return "\n".join(one.what for one in found)


@pytest.fixture
def own(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the running stack, and nobody else's."""
    for kind in (AdminSettings, BotSettings, JobsSettings):
        for name in kind.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)


async def test_of_a_stack_that_is_well_it_says_nothing(own: None) -> None:
    # Chats, deliveries and the disk are as other tests, and this machine, left them.
    found = [one for one in await doctor.examine() if one.part not in {"firm", "telegram"} and "disk" not in one.what]
    assert found == []


async def test_without_the_address_of_the_database_it_says_what_it_did_not_look_at(
    own: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    (line,) = doctor.of_database()
    assert not line.what
    assert "migrations, policies and triggers were not looked at: no DATABASE_URL" in str(line)


def test_settings_that_a_process_would_refuse_are_named_and_never_shown(
    own: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "wrong-token")
    monkeypatch.setenv("SESSION_SECRET", "short-one")
    monkeypatch.delenv("WEBHOOK_URL")
    assert doctor.main() == 2
    printed = capsys.readouterr().out
    for process, name in (("bot", "WEBHOOK_URL"), ("jobs", "TELEGRAM_BOT_TOKEN"), ("admin", "SESSION_SECRET")):
        assert re.search(f"^settings +{process} would not start, .*{name}: .*: see .env.example", printed, re.MULTILINE)
    assert re.search(r"^\d to mend$", printed, re.MULTILINE)
    assert not [secret for secret in ("wrong-token", "short-one") if secret in printed]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, ""),
        ({"ADMIN_URL": "http://admin.example.com"}, "cookies are not Secure"),
        ({"ADMIN_URL": "https://admin.example.com"}, "nobody may say whose request"),
        ({"ADMIN_URL": "https://admin.example.com", "TRUSTED_PROXIES": "10.0.0.5"}, ""),
        ({"TRUSTED_PROXIES": "10.0.0.5,0.0.0.0/0"}, "TRUSTED_PROXIES has 0.0.0.0/0"),
        ({"TRUSTED_PROXIES": "::/0"}, "TRUSTED_PROXIES has ::/0"),
    ],
)
def test_an_admin_that_believes_or_gives_away_too_much(stack: Stack, changes: dict[str, str], line: str) -> None:
    found = [*addresses.of_admin(AdminSettings.model_validate(known(stack.env, **changes)))]
    assert (line in said(found)) if line else not found


async def certificate(stack: Stack, url: str) -> str:
    settings = BotSettings.model_validate(known(stack.env, WEBHOOK_URL=url))
    return said([one async for one in addresses.of_certificate(settings.webhook_url)])


async def test_certificates(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert await certificate(stack, "http://127.0.0.1:3000/webhook") == ""
    assert "is plain http" in await certificate(stack, "http://bot.example.com/webhook")
    assert "does not answer" in await certificate(stack, "https://127.0.0.1:1/webhook")
    for days, line in ((90, ""), (10.5, "is good for 10 days"), (-1, "certificate has expired")):
        async with site(tmp_path, days) as url:
            told = await certificate(stack, url)
            assert (line in told) if line else not told


async def of_queue(url: str) -> str:
    return said([one async for one in redis_servers.of_queue(url)])


async def of_cache(url: str, queue: str) -> str:
    return said([one async for one in redis_servers.of_cache(url, queue)])


async def test_redis_of_the_wrong_kind(stack: Stack) -> None:
    queue, cache = stack.env["REDIS_URL"], stack.env["REDIS_CACHE_URL"]
    assert await of_queue(queue) == await of_cache(cache, queue) == ""
    assert "REDIS_URL has the policy allkeys-lru" in await of_queue(cache)
    assert "REDIS_URL keeps nothing over a restart" in await of_queue(cache)
    assert "REDIS_CACHE_URL has the policy noeviction" in await of_cache(queue, cache)
    assert "REDIS_CACHE_URL is the queue's own server" in await of_cache(queue, queue)
    assert "REDIS_URL does not answer: ConnectionError" in await of_queue("redis://127.0.0.1:1/0")
    assert "REDIS_CACHE_URL does not answer" in await of_cache("redis://127.0.0.1:1/0", queue)


async def _until_refused(client: Redis) -> None:
    async with asyncio.timeout(5):
        while True:
            await client.set("key", "x" * 200)
            await asyncio.sleep(0.02)


async def test_redis_without_room(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        client = redis.connect(server.url)
        await client.config_set("maxmemory-policy", "noeviction")
        assert "REDIS_CACHE_URL may take all memory" in await of_cache(server.url, "redis://127.0.0.1:1/0")
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", int(used * 1.05))
        assert "REDIS_URL is nearly full" in await of_queue(server.url)
        await client.config_set("maxmemory", 0)
        await client.config_set("appendonly", "yes")
        # A file that may not grow fails its writer as a full disk does.
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (64, 64))
        assert "nothing" not in await of_queue(server.url)
        await client.set("key", "x" * 200)
        with pytest.raises(ResponseError, match="MISCONF"):
            await _until_refused(client)
        assert "REDIS_URL cannot write to its disk and refuses changes" in await of_queue(server.url)
        await client.aclose()


@pytest.fixture
async def open_house() -> AsyncIterator[str]:
    """A Supabase that serves everything to everybody and signs with a shared secret."""

    async def anything(_request: web.Request) -> web.Response:
        return web.json_response([{"id": 1}])

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [{"kty": "oct"}]})

    app = web.Application()
    app.router.add_get("/auth/v1/.well-known/jwks.json", keys)
    app.router.add_get("/{anything:.*}", anything)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_supabase_whose_doors_stand_open(open_house: str, stack: Stack) -> None:
    async with open_http() as http:
        project = rest.Supabase(http, open_house, "key")
        found = said([one async for one in rest.of_doors(project, project)])
        for line in ("the schema public is served", "SUPABASE_ANON_KEY reads rows", "guessed counts are answered"):
            assert line in found
        found = said([one async for one in rest.of_keys(project, has_secret=False)])
        assert "signed with a shared secret" in found
        assert not [one async for one in rest.of_keys(project, has_secret=True)]
        stranger = rest.Supabase(http, stack.env["SUPABASE_URL"], "no-key")
        found = said([one async for one in rest.of_doors(project, stranger)])
        assert "SUPABASE_ANON_KEY is no key of this project" in found
        gone = rest.Supabase(http, f"{open_house}/gone", "key")
        assert "Auth does not tell its keys" in said([one async for one in rest.of_keys(gone, has_secret=True)])


async def test_a_supabase_that_does_not_let_the_service_in(stack: Stack) -> None:
    url, public = stack.env["SUPABASE_URL"], stack.env["SUPABASE_ANON_KEY"]
    async with open_http() as http:
        for database_of, line in (
            (Database(http, NOBODY, "key"), "does not answer the service"),
            (Database(http, url, "not-the-key"), "does not answer the service"),
            (Database(http, url, public), "refuses the service (42501)"),
        ):
            assert line in said([one async for one in rest.of_service(database_of)])


@pytest.fixture
async def bot(stack: Stack) -> AsyncIterator[Bot]:
    client = telegram.connect(stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"])
    yield client
    await client.session.close()


async def test_a_telegram_that_does_not_know_the_bot_or_does_not_answer(stack: Stack) -> None:
    async with open_http() as http:
        for token, url, line in (
            ("123456:wrong", stack.env["TELEGRAM_API_URL"], "the token is not valid"),
            ("123456:wrong", NOBODY, "it does not answer"),
        ):
            stranger = telegram.connect(token, url)
            assert line in said([one async for one in bot_api.of_bot(stranger, Database(http, NOBODY, "key"))])
            await stranger.session.close()


async def test_groups_in_which_the_bot_is_deaf_are_counted(stack: Stack, bot: Bot, chat: ClientChat) -> None:
    chat.rows("update public.chats set bot_status = 'member' where chat_id = %s returning id", chat.id)
    async with open_http() as http:
        service = Database(http, stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"])
        assert "privacy mode is on and the bot is deaf in" in said([one async for one in bot_api.of_bot(bot, service)])


async def test_a_clock_that_is_wrong_and_a_disk_that_is_full(stack: Stack) -> None:
    async with open_http() as http:
        theirs = await bot_api.clock(http, BotSettings.model_validate(known(stack.env)))
    assert theirs
    now = datetime.now(UTC)
    assert not [*machine.of_clock("Telegram's", theirs, now)]
    assert "is 60 s behind Telegram's" in said([*machine.of_clock("Telegram's", now + timedelta(minutes=1), now)])
    assert "is 60 s ahead of Telegram's" in said([*machine.of_clock("Telegram's", now - timedelta(minutes=1), now)])
    assert "% of the disk are free" in said([*machine.of_disk(room=1.0)])
    assert not [*machine.of_disk(room=0)]


@pytest.mark.parametrize(
    ("by_hand", "look", "line"),
    [
        (
            "delete from supabase_migrations.schema_migrations where version like '20261122%%'",
            database.of_migrations,
            "migrations are missing, the first is 20261122",
        ),
        (
            "insert into supabase_migrations.schema_migrations (version) values ('30000101000000')",
            database.of_migrations,
            "it has 1 migrations that this clone has not",
        ),
        ("alter table public.clients disable row level security", database.of_rights, "row security is off"),
        (
            "grant execute on function api.settings_page() to anon",
            database.of_rights,
            "anybody may run api.settings_page",
        ),
        ("create table public.night (id bigint)", database.of_rights, "public.night: row security is off"),
    ],
)
def test_a_database_of_another_release_or_changed_by_hand(db: Connection, by_hand: str, look: Any, line: str) -> None:
    db.execute(by_hand.encode())
    assert line in said([*look(db)])


def test_a_database_into_which_strangers_may_register(stack: Stack) -> None:
    url = stack.env["DATABASE_URL"].replace("//postgres:", "//supabase_auth_admin:")
    with psycopg.connect(url) as owner:
        assert [*database.of_sign_up(owner)] == []
        owner.execute("drop trigger invited_only on auth.users")
        assert said([*database.of_sign_up(owner)]) == "the trigger invited_only on auth.users is missing or off"
        owner.rollback()
