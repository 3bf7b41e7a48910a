"""What is asked again and again: near in the process (L1), then in the cache Redis (L2), then from the database.

How it stays true. Rights are never read from here: SQL decides them at each action, so somebody who was let go is
refused at once (B7), and what can be out of date is a greeting, a language, a menu. A change is told by a hint: each
process says the topic after its commit (`CHANGES` lists the functions, `announcing` is the hook of every `Database`),
each cache hears it within milliseconds and forgets everything, near and far. To forget everything rather than one
person needs no look at whom a change concerns, cannot miss one, and costs one batched call: people are changed a few
times a day. A change behind the processes' back (`ingest` recognises who is known by @username alone, an operator has
psql) has no function to announce it, and a trigger cannot publish on Redis. Roles and languages of accounts are looked
at all the same, every few seconds, for what Telegram lists to them: `bot/menus.py` says what it finds changed there.
Anything else, or a hint that got lost because Redis was away, is out of date for as long as L1 and L2 live, ten minutes
together; whoever hears again after an interruption forgets everything, for it may have missed something.

L2 cannot bring back what was forgotten: each value there carries the epoch in which it was asked for, and forgetting
begins a new one. A value that was read before a change and stored after it bears the old epoch.
"""

import asyncio
import contextvars
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from prometheus_client import Counter
from pydantic import BaseModel
from redis.asyncio import Redis

from infra.outage import Outage
from infra.redis import EVERYTHING, Hints, end, heard

# Said when a person's name, role or language, a chat's language or the firm's zone may have changed.
IDENTITY = "identity"
# Said when windows may have changed.
REQUESTS = "requests"
# Said when a message was owed, sent or given up.
DELIVERY = "delivery"
# Said when a person changed a survey or a case. Never by what a client does: the moment of a vote names its voter.
SURVEYS = "surveys"
# What changes each topic: functions of `api`.
_CHANGING = {
    IDENTITY: "set_role set_active remove_person update_profile link_telegram unlink_telegram adopt_defaults"
    " choose_language change_chat change_settings save_schedule",
    REQUESTS: "acknowledge_request excuse_request press_request press_alert settle_replies act_on_requests"
    " answer_request retry_reply resolve_alert save_schedule set_dates bring_in_calendar bring_to_policy adopt_chat"
    " carry_out_task change_chat change_client connect_chat reclassify_request reclassify_message judge_faq_answer"
    " order_document",
    DELIVERY: "settle_outbox resend_message send_test_alert",
    SURVEYS: "save_survey delete_survey schedule_survey unschedule_survey stop_survey resume_survey restart_survey"
    " close_survey take_case note_case resolve_case reopen_case",
}
CHANGES = {
    function: [topic for topic, functions in _CHANGING.items() if function in functions.split()]
    for function in " ".join(_CHANGING.values()).split()
}

L1_SECONDS, L2_SECONDS = 120.0, 480
BATCH = 100

requests = Counter(
    "buhbot_cache_requests_total",
    "Questions to a cache by level (l1, l2): hit, miss, or shared with who asked the same a moment ago; brought are"
    " values that came before anybody asked.",
    ["cache", "level", "outcome"],
)

Value = TypeVar("Value", bound=BaseModel)


def announcing(hints: Hints) -> Callable[[str], None]:
    """Return the hook that says, after a call to a function of `api`, what it may have changed."""

    def announce(function: str) -> None:
        for topic in CHANGES.get(function, ()):
            hints.say(topic)

    return announce


class Shelf:
    """The L2 of one cache: texts by key in the cache Redis. Without Redis it is empty and keeps nothing."""

    def __init__(self, redis: Redis, outage: Outage, name: str, *, seconds: int = L2_SECONDS) -> None:
        self.name, self._seconds = name, seconds
        self._redis, self._outage, self._epoch_key = redis, outage, f"cache:{name}:epoch"

    async def read(self, keys: Sequence[str]) -> tuple[bytes, dict[str, bytes]]:
        """Return what is there of these, and the epoch, which is empty while nothing can be kept."""
        found = await self._outage.ask(lambda: self._redis.mget([self._epoch_key, *map(self._key, keys)]), None)
        if found is None:
            return b"", {}
        epoch, *texts = found
        if epoch is None:
            await self.begin_epoch()
            return b"", {}
        known = zip(keys, texts, strict=True)
        return epoch, {key: text[len(epoch) :] for key, text in known if text and text.startswith(epoch)}

    async def write(self, epoch: bytes, texts: Mapping[str, bytes]) -> None:
        """Keep these for a while, as of the epoch in which they were asked for."""
        if not epoch or not texts:
            return
        async with self._redis.pipeline(transaction=False) as together:
            for key, text in texts.items():
                together.set(self._key(key), epoch + text, ex=self._seconds)
            await self._outage.ask(together.execute, None)

    async def begin_epoch(self) -> None:
        """Forget everything."""
        await self._outage.ask(lambda: self._redis.set(self._epoch_key, secrets.token_hex(8)), None)

    def _key(self, key: str) -> str:
        return f"cache:{self.name}:{key}"


class Cache(Generic[Value]):
    """Values by key. `load` gets keys that nobody knows, at most `BATCH`, and returns their values in order.

    Whoever asks for what is being looked up waits for that look (F9), and keys asked for meanwhile travel together.
    """

    def __init__(
        self,
        kind: type[Value],
        load: Callable[[Sequence[str]], Awaitable[Sequence[Value]]],
        shelf: Shelf,
        *,
        size: int,
        seconds: float = L1_SECONDS,
    ) -> None:
        self._kind, self._load, self._shelf, self._size, self._seconds = kind, load, shelf, size, seconds
        self._known: OrderedDict[str, tuple[float, Value]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[Value]] = {}
        self._waiting: list[tuple[str, asyncio.Future[Value]]] = []
        self._looking: asyncio.Task[None] | None = None
        self.times_forgotten = 0
        """What was asked for before this changed may be out of date."""
        outcomes = (("l1", "hit"), ("l1", "miss"), ("l1", "shared"), ("l1", "brought"), ("l2", "hit"), ("l2", "miss"))
        self._counted = {pair: requests.labels(shelf.name, *pair) for pair in outcomes}

    async def get(self, key: str) -> Value:
        """Return the value; raises what `load` raises."""
        until, value = self._known.get(key, (0.0, None))
        if value is not None and until > time.monotonic():
            self._counted["l1", "hit"].inc()
            return value
        asked = self._asked.get(key)
        self._counted["l1", "shared" if asked else "miss"].inc()
        # Shielded: who hangs up does not end it for the others.
        return await asyncio.shield(asked or self._ask(key))

    def unknown(self, keys: Iterable[str]) -> list[str]:
        """Return those of the keys that would have to be looked up elsewhere, each once."""
        now, nothing = time.monotonic(), (0.0, None)
        return [key for key in dict.fromkeys(keys) if self._known.get(key, nothing)[0] <= now]

    def learn(self, found: Mapping[str, Value], times_forgotten: int) -> None:
        """Keep values that came along with something else, unless anything was forgotten since they were asked for."""
        if times_forgotten == self.times_forgotten:
            self._counted["l1", "brought"].inc(len(found))
            self._keep(found)

    async def hear(self, topic: str) -> None:
        """Forget everything if the hint is about it."""
        if topic in {self._shelf.name, EVERYTHING}:
            self._forget()
            await self._shelf.begin_epoch()
            # What came from the shelf meanwhile.
            self._forget()

    async def close(self) -> None:
        """Return when nobody is waiting any more."""
        if self._looking:
            await asyncio.wait([self._looking])

    def _forget(self) -> None:
        self._known.clear()
        # Nobody joins a look that has begun already; those still to come see what has changed.
        self._asked = dict(self._waiting)
        self.times_forgotten += 1

    def _ask(self, key: str) -> asyncio.Future[Value]:
        answer = self._asked[key] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._looking is None:
            # In a context of its own: it looks for many, not for the request that came first.
            self._looking = asyncio.create_task(self._look(), context=contextvars.Context())
        return answer

    async def _look(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = dict(self._waiting[:BATCH]), self._waiting[BATCH:]
                await self._answer(batch)
        finally:
            self._looking = None

    async def _answer(self, batch: dict[str, asyncio.Future[Value]]) -> None:
        times_forgotten = self.times_forgotten
        try:
            found = await self._find([*batch])
        except Exception as error:  # noqa: BLE001 (whatever it is, it is for whoever asked)
            for answer in batch.values():
                answer.set_exception(error)
                answer.exception()  # seen, should all who asked have hung up
        else:
            for key, answer in batch.items():
                answer.set_result(found[key])
            if times_forgotten == self.times_forgotten:
                self._keep(found)
        for key, answer in batch.items():
            if self._asked.get(key) is answer:
                del self._asked[key]

    async def _find(self, keys: list[str]) -> dict[str, Value]:
        epoch, texts = await self._shelf.read(keys)
        missing = [key for key in keys if key not in texts]
        self._counted["l2", "hit"].inc(len(texts))
        self._counted["l2", "miss"].inc(len(missing))
        loaded = dict(zip(missing, await self._load(missing), strict=True)) if missing else {}
        await self._shelf.write(epoch, {key: value.model_dump_json().encode() for key, value in loaded.items()})
        return {key: self._kind.model_validate_json(text) for key, text in texts.items()} | loaded

    def _keep(self, found: Mapping[str, Value]) -> None:
        until = time.monotonic() + self._seconds
        for key, value in found.items():
            self._known[key] = until, value
            self._known.move_to_end(key)
        # All are young: the oldest will end soon anyway.
        while len(self._known) > self._size:
            self._known.popitem(last=False)


@asynccontextmanager
async def listening(redis: Redis, *caches: Cache[Any]) -> AsyncGenerator[None]:
    """Hear hints for these caches while the block runs."""

    async def listen() -> None:
        async for topic in heard(redis):
            for cache in caches:
                await cache.hear(topic)

    task = asyncio.create_task(listen())
    try:
        yield
    finally:
        await end(task)
