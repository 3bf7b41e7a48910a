"""Sessions on the real Redis and the real Auth."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from admin.auth import Auth, Login, LoginRefused
from admin.sessions import Limits, Sessions, handle_of, redis_key
from admin.tokens import Verifier
from admin.visitors import Visitor
from infra.redis import HINTS, SESSIONS_OF, connect
from infra.supabase import open_http
from tests.admin.firm import Firm
from tests.admin.process import running_admin

SECRET = "only-for-this-test-" * 3


class SlowAuth(Auth):
    """The real Auth, which waits before a refresh until it may, and counts."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.refreshes = 0
        self.given: list[Login] = []
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def refresh(self, refresh_token: str) -> Login:
        self.refreshes += 1
        self.is_asked.set()
        await self.may_answer.wait()
        login = await super().refresh(refresh_token)
        self.given.append(login)
        return login


@pytest.fixture
async def redis(environment: dict[str, str]) -> AsyncIterator[Redis]:
    client = connect(environment["REDIS_URL"])
    yield client
    await client.aclose()


@pytest.fixture
async def auth(environment: dict[str, str]) -> AsyncIterator[SlowAuth]:
    url = environment["SUPABASE_URL"]
    async with open_http() as http:
        yield SlowAuth(http, url, environment["SUPABASE_ANON_KEY"], Verifier(f"{url}/auth/v1", http))


@pytest.fixture
async def login(auth: Auth, firm: Firm) -> Login:
    person = firm.hire("manager")
    return await auth.sign_in(person.email, person.password)


def spent(login: Login) -> Login:
    """The same login an hour later."""
    return login.model_copy(update={"expires_at": int(time.time()) - 10})


def with_bad_token(login: Login) -> Login:
    """The same login with an access token that Auth does not take."""
    head, body, _ = login.access_token.split(".")
    return login.model_copy(update={"access_token": f"{head}.{body}.{'A' * 86}"})


async def test_a_session_keeps_its_login(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    found = await sessions.find(await sessions.start(login))
    assert found
    assert found.login == login


async def test_many_pages_of_two_copies_refresh_once(redis: Redis, auth: SlowAuth, login: Login) -> None:
    """A refresh token that is used twice takes the whole login away."""
    one, other = Sessions(redis, SECRET, auth), Sessions(redis, SECRET, auth)
    session_id = await one.start(spent(login))
    found = await asyncio.gather(*(sessions.find(session_id) for sessions in (one, other) for _ in range(10)))
    logins = {session.login for session in found if session}
    assert len(found) == 20
    assert len(logins) == 1
    assert logins.pop().expires_at > time.time()


async def test_a_refresh_survives_the_page_that_asked(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(spent(login))
    auth.may_answer.clear()
    asking = asyncio.create_task(sessions.find(session_id))
    await auth.is_asked.wait()
    asking.cancel()
    await asyncio.wait([asking])
    auth.may_answer.set()
    await sessions.close()
    found = await Sessions(redis, SECRET, auth).find(session_id)
    assert asking.cancelled()
    assert found
    assert ([found.login], auth.refreshes) == (auth.given, 1)


async def test_signing_out_during_a_refresh_is_final(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(spent(login))
    auth.may_answer.clear()
    asking = asyncio.create_task(sessions.find(session_id))
    await auth.is_asked.wait()
    ending = asyncio.create_task(sessions.end(session_id))
    auth.may_answer.set()
    await asyncio.gather(asking, ending)
    assert not await redis.exists(redis_key(session_id))
    assert await sessions.find(session_id) is None


async def test_signing_out_after_an_idle_hour_ends_the_login_at_auth(
    redis: Redis, auth: SlowAuth, login: Login
) -> None:
    """The access token is spent by then, and Auth would not take it."""
    sessions = Sessions(redis, SECRET, auth)
    await sessions.end(await sessions.start(with_bad_token(spent(login))))
    [renewed] = auth.given
    with pytest.raises(LoginRefused):
        await auth.refresh(renewed.refresh_token)


async def test_a_sign_out_that_auth_does_not_take_is_logged(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(with_bad_token(login))
    with capture_logs() as lines:
        await sessions.end(session_id)
    assert [line["event"] for line in lines] == ["sign_out_not_told"]
    assert await sessions.find(session_id) is None


async def test_a_login_that_auth_has_ended_is_forgotten(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(spent(login).model_copy(update={"refresh_token": "ended"}))
    assert await sessions.find(session_id) is None
    assert not await redis.exists(redis_key(session_id))


async def test_signing_out_ends_the_login_at_auth(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(login)
    await sessions.end(session_id)
    assert await sessions.find(session_id) is None
    with pytest.raises(LoginRefused):
        await auth.refresh(login.refresh_token)


async def test_redis_holds_neither_ids_nor_tokens(redis: Redis, auth: SlowAuth, login: Login) -> None:
    session_id = await Sessions(redis, SECRET, auth).start(login)
    for key in await redis.keys("admin:session:*"):
        assert session_id.encode() not in key
        content = await redis.get(key) or b""
        assert login.access_token.encode() not in content
        assert login.refresh_token.encode() not in content


async def test_another_secret_opens_nothing(redis: Redis, auth: SlowAuth, login: Login) -> None:
    session_id = await Sessions(redis, SECRET, auth).start(login)
    assert await Sessions(redis, SECRET[::-1], auth).find(session_id) is None


async def test_sessions_do_not_pile_up(redis: Redis, auth: SlowAuth, login: Login) -> None:
    await Sessions(redis, SECRET, auth).start(login)
    assert all([0 < await redis.ttl(key) <= 7 * 24 * 3600 for key in await redis.keys("admin:session:*")])


def idling(redis: Redis, auth: SlowAuth, idle: int = 100, life: int = 1000) -> Sessions:
    return Sessions(redis, SECRET, auth, Limits(idle, life))


async def test_only_a_person_keeps_a_session_from_idling_out(redis: Redis, auth: SlowAuth, login: Login) -> None:
    """A page that only stands open asks too, by its socket and its hints."""
    sessions = idling(redis, auth)
    session_id = await sessions.start(login)
    name = redis_key(session_id)
    await redis.expire(name, 50)
    assert await sessions.find(session_id, in_use=False)
    assert await redis.ttl(name) <= 50
    assert await sessions.find(session_id)
    assert await redis.ttl(name) > 50


async def test_a_refresh_behind_an_open_page_is_no_click(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = idling(redis, auth)
    session_id = await sessions.start(spent(login))
    await redis.expire(redis_key(session_id), 50)
    found = await sessions.find(session_id, in_use=False)
    assert found
    assert found.login.expires_at > time.time()
    assert await redis.ttl(redis_key(session_id)) <= 50


async def test_an_idle_session_ends(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = idling(redis, auth)
    session_id = await sessions.start(login)
    await redis.pexpire(redis_key(session_id), 1)  # as after so many hours
    deadline = time.monotonic() + 5
    while await sessions.find(session_id, in_use=False):
        assert time.monotonic() < deadline
    assert await sessions.all_of(login.person_id) == []


async def test_however_busy_a_session_ends_when_its_life_is_over(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = idling(redis, auth, life=1)
    session_id = await sessions.start(login)
    deadline = time.monotonic() + 5
    while await sessions.find(session_id):
        await redis.persist(redis_key(session_id))
        assert time.monotonic() < deadline


async def test_a_person_sees_the_own_sessions_with_their_devices(
    redis: Redis, auth: SlowAuth, login: Login, firm: Firm
) -> None:
    sessions = Sessions(redis, SECRET, auth)
    other = firm.hire("manager")
    await sessions.start(await auth.sign_in(other.email, other.password))
    first = await sessions.start(login, Visitor("203.0.113.7", "Firefox, Windows"))
    second = await sessions.start(login, Visitor("2001:db8::1", "Safari, iPhone"))
    found = await sessions.all_of(login.person_id)
    assert {(item.handle, item.session.device, item.session.address) for item in found} == {
        (handle_of(first), "Firefox, Windows", "203.0.113.7"),
        (handle_of(second), "Safari, iPhone", "2001:db8::1"),
    }
    assert all(time.time() - item.seen_at < 60 for item in found)


async def test_many_start_at_once_and_all_are_ended(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    ids = await asyncio.gather(*(sessions.start(login) for _ in range(20)))
    assert len(await sessions.all_of(login.person_id)) == 20
    await sessions.end_all(login)
    assert await asyncio.gather(*(sessions.find(session_id) for session_id in ids)) == [None] * 20
    assert not await redis.exists(f"{SESSIONS_OF}{login.person_id}")
    with pytest.raises(LoginRefused):
        await auth.refresh(login.refresh_token)


async def test_ending_all_beats_a_refresh_on_its_way(redis: Redis, auth: SlowAuth, login: Login) -> None:
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(spent(login))
    auth.may_answer.clear()
    asking = asyncio.create_task(sessions.find(session_id))
    await auth.is_asked.wait()
    await sessions.forget_all(login.person_id)
    auth.may_answer.set()
    assert await asking is None
    assert not await redis.exists(redis_key(session_id))


async def test_open_pages_are_told_at_once_that_sessions_ended(redis: Redis, auth: SlowAuth, login: Login) -> None:
    """I18"""
    sessions = Sessions(redis, SECRET, auth)
    session_id = await sessions.start(login)
    async with redis.pubsub() as channel:
        await channel.subscribe(HINTS)
        await sessions.end(session_id)
        deadline = time.monotonic() + 5
        message = None
        while not (message and message["data"] == b"sessions"):
            assert time.monotonic() < deadline
            message = await channel.get_message(timeout=1)


async def test_two_processes_refresh_a_session_once(
    environment: dict[str, str], firm: Firm, auth: SlowAuth, redis: Redis, tmp_path: Path
) -> None:
    """Real processes, one Redis: a refresh token that is used twice takes the whole login away."""
    person = firm.hire("manager")
    login = await auth.sign_in(person.email, person.password)
    own = Sessions(redis, environment["SESSION_SECRET"], auth)
    cookies = {"buhbot": await own.start(spent(login))}
    with running_admin(environment, tmp_path / "one") as one, running_admin(environment, tmp_path / "other") as other:
        async with httpx.AsyncClient(cookies=cookies, timeout=30) as client:
            asked = [client.get(f"{admin.url}/requests") for admin in (one, other) for _ in range(8)]
            answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    given = firm.row("select count(*) from auth.refresh_tokens where user_id = %s", str(person.id))
    assert given == (2,)  # that of the sign-in and its one successor
