"""What a message costs: statements by PostgREST and commands to Redis, counted by the servers themselves."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
from redis import Redis

from infra import errors
from infra.local.waiting import until
from infra.outgoing import LONGEST_GATHERING_SECONDS
from tests.bench.load import deliver, post
from tests.bench.results import Measure, Target
from tests.bench.rig import Connection
from tests.bench.traffic import Traffic, bodies
from tests.stack import Stack

# Around each call of PostgREST, in the same round trip to it, the last of these our own look at what is asked; and what
# a new connection of its pool says first.
_FRAME = re.compile(r'\s*(begin|commit|select set_config|select "private"\."check_request"|set client_)', re.IGNORECASE)
_CALLED = re.compile(r'"api"\."(\w+)"')
# By the clock and not for a message: the bot says every half minute that it is there, and tells menus anew.
_BY_THE_CLOCK = {"claim_menus", "note_bot", "note_intake", "note_process", "settle_menus"}
# Of the connection, or our own asking.
_UPKEEP = {"ping", "info", "hello", "auth", "select", "client|setinfo", "client|setname"}


@dataclass(frozen=True)
class Cost:
    """What some messages cost: calls by function or view, commands by name, batches as the bot counts them."""

    messages: int
    batches: int
    calls: Counter[str]
    commands: Counter[str]

    @property
    def other_calls(self) -> int:
        return self.calls.total() - self.calls["ingest"]

    @property
    def other_commands(self) -> int:
        """Commands beyond the hint after a batch."""
        return self.commands.total() - min(self.commands["publish"], self.batches)


def count(stack: Stack, db: Connection, traffic: Traffic, messages: int) -> Cost:
    """Deliver messages while the timetable holds still, and return what they cost."""
    headers = {"x-telegram-bot-api-secret-token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    url = f"{stack.urls['bot']}/webhook"
    requests = [post(url, body, headers) for body in bodies(traffic.take(messages))]
    with stack.paused("jobs"):
        # Its own words and its errors of before go out when some are together, and are not these messages' cost.
        _settled(db, 1 + max(LONGEST_GATHERING_SECONDS, errors.SECONDS))
        before = _calls(db), _commands(stack), _batches(stack)
        asyncio.run(deliver(url, requests))
        _settled(db)
        after = _calls(db), _commands(stack), _batches(stack)
    return Cost(messages, after[2] - before[2], after[0] - before[0], after[1] - before[1])


def measures(cost: Cost) -> list[Measure]:
    per_batch = cost.calls["ingest"] / cost.batches
    none = Target("value", "<=", 0)
    return [
        Measure("round trips per batch", per_batch, "calls", Target("value", "<=", 1)),
        Measure("other calls per message", cost.other_calls / cost.messages, "calls", none),
        Measure("Redis beyond hints per message", cost.other_commands / cost.messages, "commands", none),
    ]


def _calls(db: Connection) -> Counter[str]:
    """How often each function or view of the API was asked for, by anybody but an operator."""
    rows = db.execute(
        "select s.query, s.calls from extensions.pg_stat_statements as s join pg_roles as r on r.oid = s.userid"
        " where s.toplevel and r.rolname in ('authenticator', 'service_role', 'authenticated', 'anon')"
    )
    return _named(rows.fetchall())


def _named(rows: list[tuple[Any, ...]]) -> Counter[str]:
    found = Counter[str]()
    for query, calls in rows:
        if not _FRAME.match(query):
            called = _CALLED.search(query)
            name = called[1] if called else query[:40]
            found[name] += calls
    # Before each report of its parts the bot looks whether the database answers.
    found["settings"] -= found["note_process"]
    return Counter({name: calls for name, calls in found.items() if name not in _BY_THE_CLOCK})


def _settled(db: Connection, quiet: float = 0.1) -> None:
    """Return when what was asked for is counted, which is at its end, and nothing more was for so many seconds."""
    latest, since = _calls(db), time.monotonic()
    busy = (
        "select from pg_stat_activity"
        " where state <> 'idle' and backend_type = 'client backend' and pid <> pg_backend_pid()"
    )

    def is_still() -> bool:
        nonlocal latest, since
        if (now := _calls(db)) != latest:
            latest, since = now, time.monotonic()
        return time.monotonic() - since > quiet and not db.execute(busy).fetchall()

    assert until(is_still, 10 + quiet), "somebody else keeps asking"


def _commands(stack: Stack) -> Counter[str]:
    """Commands that both servers have run, without upkeep."""
    total = Counter[str]()
    for url in (stack.env["REDIS_URL"], stack.env["REDIS_CACHE_URL"]):
        with Redis.from_url(url) as redis:
            stats: dict[str, dict[str, Any]] = redis.info("commandstats")
        total.update({key.removeprefix("cmdstat_"): found["calls"] for key, found in stats.items()})
    return Counter({name: calls for name, calls in total.items() if name not in _UPKEEP})


def _batches(stack: Stack) -> int:
    """How many the bot has sent since its start."""
    page = httpx.get(f"{stack.urls['bot']}/metrics").text
    found = re.search(r"^buhbot_intake_batch_records_count (\S+)$", page, re.MULTILINE)
    assert found, "the bot does not count its batches"
    return int(float(found[1]))
