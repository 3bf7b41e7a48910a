"""How often: readings, actions and sign-ins, counted once for all copies."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis

from admin.settings import AdminSettings
from admin.sign_in_guard import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, SignInGuard
from infra.redis import connect
from infra.throttling import TooOften
from tests.admin.firm import Firm
from tests.admin.process import ROOT, Admin, Reader, running_admin, words

JSON = {"accept": "application/json"}
FRAGMENT = {"hx-request": "true"}
# Redis is nobody's at this address.
NOBODY = "redis://127.0.0.1:9/0"

# What one of four processes does: for each line fifty attempts at once, and a line with what passed.
COPY = """
import asyncio, sys
from admin.settings import AdminSettings
from admin.sign_in_guard import SignInGuard
from infra.redis import connect
from infra.throttling import Limiter, TooOften

async def main():
    settings = AdminSettings()
    redis = connect(str(settings.redis_url))
    guard, limiter = SignInGuard(redis, settings), Limiter(redis)
    async def attempt(kind, name, limit, number):
        if kind == "bucket":
            return (await limiter.spend(name, limit)).passes
        try:
            await guard.begin(f"{name}{number}@buhbot.test" if kind == "address" else name, name)
        except TooOften:
            return False
        return True
    await redis.ping()
    print("ready", flush=True)
    for line in sys.stdin:
        kind, name, limit, own = line.split()
        asked = (attempt(kind, name, int(limit), own + str(number)) for number in range(50))
        print(sum(await asyncio.gather(*asked)), flush=True)
    await redis.aclose()

asyncio.run(main())
"""


@pytest.fixture
def settings(environment: dict[str, str]) -> AdminSettings:
    return AdminSettings.model_validate({name.lower(): value for name, value in environment.items()})


@pytest.fixture
async def redis(settings: AdminSettings) -> AsyncIterator[Redis]:
    client = connect(str(settings.redis_url))
    yield client
    await client.aclose()


@pytest.fixture(scope="module")
def hurried(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An admin with the limits that people meet."""
    log = tmp_path_factory.mktemp("hurried") / "log"
    with running_admin(environment, log, RATE_LIMIT_HIGH="30", SIGN_INS_PER_ACCOUNT="5") as process:
        yield process


@pytest.fixture(scope="module")
def copies(environment: dict[str, str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Four processes that make fifty attempts at once whenever they are given a line."""
    own = {**environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    with ExitStack() as running:
        command, pipe = [sys.executable, "-c", COPY], subprocess.PIPE
        started = [
            running.enter_context(subprocess.Popen(command, env=own, stdin=pipe, stdout=pipe, text=True))
            for _ in range(4)
        ]
        assert [heard(copy) for copy in started] == ["ready\n"] * 4
        yield started


def heard(copy: subprocess.Popen[str]) -> str:
    """Return the next line of a process."""
    assert copy.stdout
    return copy.stdout.readline()


def made_up_address() -> str:
    """An address that no other test, and no earlier run, has used: networks for documentation are large enough."""
    return f"2001:db8:{secrets.randbelow(2**16):x}:{secrets.randbelow(2**16):x}::1"


@pytest.mark.parametrize(("kind", "limit"), [("bucket", 20), ("address", 20), ("account", 5)])
def test_four_processes_and_two_hundred_at_once_pass_exactly_the_limit(
    copies: list[subprocess.Popen[str]], kind: str, limit: int
) -> None:
    name = made_up_address()
    for own, copy in enumerate(copies):
        assert copy.stdin
        copy.stdin.write(f"{kind} {name} {limit} {own}\n")
        copy.stdin.flush()
    assert sum(int(heard(copy)) for copy in copies) == limit


async def wait_of(guard: SignInGuard, email: str, address: str) -> float:
    """Return how long the next attempt has to wait; 0 makes one."""
    try:
        await guard.begin(email, address)
    except TooOften as refusal:
        return refusal.verdict.reset_seconds
    return 0


async def waited(redis: Redis) -> None:
    """Let the waits pass; the failures stay."""
    async for key in redis.scan_iter("admin:sign-ins:*"):
        await redis.hdel(key, "free_at")  # type: ignore[misc]


async def test_each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(redis: Redis, settings: AdminSettings) -> None:
    guard, email, address = SignInGuard(redis, settings), f"{secrets.token_hex(8)}@buhbot.test", made_up_address()
    assert [await wait_of(guard, email, address) for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(7):
        waits.append(await wait_of(guard, email, address))
        await waited(redis)
        assert await wait_of(guard, email, address) == 0
    expected = [min(FIRST_WAIT_SECONDS * 2**number, LONGEST_WAIT_SECONDS) for number in range(7)]
    assert waits == pytest.approx(expected, abs=1)


async def test_a_wait_is_no_longer_for_those_who_keep_trying(redis: Redis, settings: AdminSettings) -> None:
    guard, email, address = SignInGuard(redis, settings), f"{secrets.token_hex(8)}@buhbot.test", made_up_address()
    waits = [await wait_of(guard, email, address) for _ in range(100)]
    assert max(waits) <= FIRST_WAIT_SECONDS


async def test_success_clears_the_account_and_not_the_address(redis: Redis, settings: AdminSettings) -> None:
    guard, address = SignInGuard(redis, settings), made_up_address()
    mine, other = (f"{secrets.token_hex(8)}@buhbot.test" for _ in range(2))
    for number in range(18):
        await guard.begin(f"{number}{other}", address)
    for _ in range(30):
        await guard.succeed(await guard.begin(mine, address))
    assert [await wait_of(guard, f"{number}{mine}", address) for number in range(2)] == [0, 0]
    assert await wait_of(guard, mine, address) > 0
    assert await wait_of(guard, mine, made_up_address()) == 0


async def test_an_attempt_that_auth_never_judged_counts_for_nothing(redis: Redis, settings: AdminSettings) -> None:
    guard, email, address = SignInGuard(redis, settings), f"{secrets.token_hex(8)}@buhbot.test", made_up_address()
    for _ in range(50):
        await guard.cancel(await guard.begin(email, address))
    assert await wait_of(guard, email, address) == 0


async def test_the_neighbours_in_one_ipv6_network_are_one(redis: Redis, settings: AdminSettings) -> None:
    guard, address = SignInGuard(redis, settings), made_up_address()
    for number in range(20):
        await guard.begin(f"{secrets.token_hex(8)}@buhbot.test", f"{address[:-1]}{number:x}")
    assert await wait_of(guard, f"{secrets.token_hex(8)}@buhbot.test", address) > 0


async def test_redis_names_nobody(redis: Redis, settings: AdminSettings) -> None:
    guard, email, address = SignInGuard(redis, settings), f"{secrets.token_hex(8)}@buhbot.test", made_up_address()
    attempt = await guard.begin(email, address)
    kept = f"{attempt} {await redis.hgetall(attempt.account)} {await redis.hgetall(attempt.address)}"  # type: ignore[misc]
    assert email not in kept and email[:16] not in kept and address not in kept
    assert 0 < await redis.ttl(attempt.account) <= 24 * 3600


async def test_without_redis_each_process_counts_for_itself(settings: AdminSettings) -> None:
    nowhere = connect(NOBODY)
    guard, email, address = SignInGuard(nowhere, settings), "a@buhbot.test", "192.0.2.1"
    waits = [await wait_of(guard, email, address) for _ in range(8)]
    assert waits[:5] == [0] * 5
    assert all(0 < wait <= 60 for wait in waits[5:])
    others = [await wait_of(guard, f"{number}@buhbot.test", address) for number in range(20)]
    assert others.count(0) == 15
    await nowhere.aclose()


def test_an_account_under_attack_is_told_to_wait(hurried: Admin, firm: Firm) -> None:
    person, other = firm.hire("accountant"), firm.hire("accountant")
    before = len(hurried.log)
    with Reader(hurried) as reader:
        refusals = [reader.sign_in(person.email, "wrong") for _ in range(6)]
        assert [page.status_code for page in refusals] == [401] * 5 + [429]
        assert "Слишком много попыток. Попробуйте снова через 30 секунд." in words(refusals[-1])
        assert 25 <= int(refusals[-1].headers["retry-after"]) <= 30
        # Nor does the right password tell that it is right.
        assert reader.sign_in(person.email.upper(), person.password).status_code == 429
        assert reader.sign_in(other.email, other.password).status_code == 303
    assert '"reason": "too_many"' in hurried.log[before:]
    assert person.email not in hurried.log


def test_thirty_readings_of_a_page_pass_and_the_next_is_told_when(hurried: Admin, firm: Firm) -> None:
    with Reader(hurried) as reader:
        reader.as_person(firm.hire("accountant"))
        pages = [reader.get("/requests") for _ in range(31)]
        assert [page.status_code for page in pages] == [200] * 30 + [429]
        assert [page.headers["x-ratelimit-remaining"] for page in pages[:2]] == ["29", "28"]
        assert {page.headers["x-ratelimit-limit"] for page in pages} == {"30"}
        last = pages[-1]
        assert 50 <= int(last.headers["retry-after"]) == int(last.headers["x-ratelimit-reset"]) <= 60
        assert "Слишком часто Повторите через" in words(last)
        told = reader.get("/requests", headers=JSON)
        assert told.json()["message"] == "Слишком часто"
        assert 50 <= told.json()["errors"][0]["retry_after"] <= 60
        assert (told.status_code, told.json()["status"]) == (429, "error")
        # Another page, and what an open page asks for by itself, have budgets of their own.
        assert reader.get("/login").status_code == 303
        fragments = [reader.get("/requests", headers=FRAGMENT) for _ in range(100)]
        assert {page.status_code for page in fragments} == {200}
        assert fragments[0].headers["x-ratelimit-limit"] == "300"


def test_a_refused_fragment_is_a_fragment(environment: dict[str, str], firm: Firm, tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", RATE_LIMIT_HIGH="1", TRUSTED_PROXIES="127.0.0.1") as admin,
        Reader(admin) as reader,
    ):
        # An address that no other test has asked from.
        reader.headers["x-forwarded-for"] = made_up_address()
        reader.as_person(firm.hire("accountant"))
        pages = [reader.get("/requests", headers=FRAGMENT) for _ in range(11)]
    assert [page.status_code for page in pages] == [200] * 10 + [429]
    assert "Слишком часто" in words(pages[-1])
    assert "<html" not in pages[-1].text


def test_a_made_up_session_buys_no_budget(hurried: Admin) -> None:
    with Reader(hurried) as reader:
        left = []
        for _ in range(3):
            reader.cookies.set("buhbot", secrets.token_urlsafe(32))
            left.append(int(reader.get("/requests").headers["x-ratelimit-remaining"]))
    assert left == [left[0], left[0] - 1, left[0] - 2]


@pytest.mark.parametrize("trusted", ["", "127.0.0.1, 10.0.0.0/8"])
def test_only_a_trusted_proxy_says_for_whom_it_asks(environment: dict[str, str], tmp_path: Path, trusted: str) -> None:
    with (
        running_admin(environment, tmp_path / "log", TRUSTED_PROXIES=trusted) as admin,
        Reader(admin) as reader,
    ):
        left = {
            reader.get("/requests", headers={"x-forwarded-for": address}).headers["x-ratelimit-remaining"]
            for address in (f"{made_up_address()}, 10.1.2.3" for _ in range(3))
        }
    assert len(left) == (1 if trusted else 3)


def test_when_redis_is_down_people_still_sign_in(environment: dict[str, str], firm: Firm, tmp_path: Path) -> None:
    person = firm.hire("accountant", "Ольга Упорная")
    with (
        running_admin(environment, tmp_path / "log", SIGN_INS_PER_ACCOUNT="3", REDIS_URL=NOBODY) as lonely,
        Reader(lonely) as reader,
    ):
        assert reader.sign_in(person.email, "wrong").status_code == 401
        assert reader.sign_in(person.email, person.password).status_code == 303
        assert "Ольга Упорная" in words(reader.get("/requests"))
        assert reader.sign_out().status_code == 303
        assert reader.get("/requests").headers["location"].startswith("/login")
        statuses = [reader.sign_in(person.email, "wrong").status_code for _ in range(5)]
        assert statuses == [401] * 3 + [429] * 2
        said = [json.loads(line)["message"] for line in lonely.log.splitlines() if line.startswith("{")]
    assert said.count("redis_lost") == 1


async def test_a_burst_of_readers_of_one_person_is_counted_exactly(hurried: Admin, firm: Firm) -> None:
    with Reader(hurried) as reader:
        reader.as_person(firm.hire("accountant"))
        statuses = await asyncio.gather(*(asyncio.to_thread(reader.get, "/requests") for _ in range(40)))
    assert sorted(answer.status_code for answer in statuses) == [200] * 30 + [429] * 10
