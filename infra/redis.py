"""Redis clients, what waits in streams, and hints: the word "something changed" for whoever shows it."""

import asyncio
import contextvars
import hashlib
import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

HINTS = "hints"
# Heard after Redis was away: whatever was said meanwhile is lost, so everybody looks again.
EVERYTHING = "all"
LONGEST_PAUSE_SECONDS = 1.0
SILENCE_SECONDS = 20.0

# What each server does when it is full: the queue must refuse rather than forget, the cache forget rather than refuse.
POLICIES: Mapping[str, tuple[str, ...]] = {
    "REDIS_URL": ("noeviction",),
    "REDIS_CACHE_URL": ("allkeys-lru", "allkeys-lfu"),
}

# What the admin leaves in the queue instance and the jobs look after.
SIGN_INS = "sign_ins"  # a stream of sign-ins that are not in the log yet
SECURITY_EVENTS = "buhbot:security_events"  # and one of what else the audit log does not know yet
ERRORS = "buhbot:errors"  # and one of what every process' log called an error
SESSION = "admin:session:"  # and the hash of a session's id: the session, sealed
SEEN = "admin:seen:"  # and the same hash: when it was last used, in seconds since 1970
SESSIONS_OF = "admin:sessions:"  # and a person's id: these hashes in a sorted set, by when they end at the latest
ENDED = "admin:ended:"  # and the hash of a session's id: why somebody else ended it
ENDED_SECONDS = 12 * 3600  # and how long that can be asked

# Should the jobs stay away for long, the oldest give way: an attack must not fill the queue instance.
MOST_WAITING = 100_000

Command = str | bytes | int | float
MOST_TOGETHER = 100

log = structlog.get_logger()


def connect(url: str) -> Redis:
    """Return a client that fails within a second rather than holding its caller, and reconnects once by itself."""
    client: Redis = Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=2,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 1),
    )
    return client


async def leave(client: Redis, stream: str, entry: Mapping[str, Any], most: int = MOST_WAITING) -> None:
    """Add to a stream that the jobs empty. Never in anybody's way: what cannot be added is logged as lost."""
    try:
        await client.xadd(stream, {"entry": json.dumps(entry)}, maxlen=most, approximate=True)
    except RedisError as error:
        log.warning("entry_not_left", stream=stream, reason=type(error).__name__)


async def end(task: asyncio.Task[None], seconds: float = 0.2) -> None:
    """Cancel a task that speaks to Redis and wait for it; `seconds` is what its own clean-up may take.

    More than once: a cancellation that meets redis-py 5.2 while it connects gets lost.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=seconds)


class Together:
    """Commands of one instant in one round trip: while one is under way the next fills, in the order of asking.

    A round trip of redis-py's costs five times what a command costs within one, and a burst of people asks at once.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[Command, ...], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def run(self, *command: Command) -> Any:
        """Return the server's answer to a command; raises `RedisError`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._send_waiting(), context=contextvars.Context())
        return await answer

    async def _send_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._send(batch)
        finally:
            self._task = None

    async def _send(self, batch: list[tuple[tuple[Command, ...], asyncio.Future[Any]]]) -> None:
        found: list[Any]
        try:
            async with self._redis.pipeline(transaction=False) as trip:
                for command, _ in batch:
                    trip.execute_command(*command)
                found = await trip.execute(raise_on_error=False)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is for whoever asked)
            # Whoever waits behind need not wait as long to hear the same.
            batch, self._waiting = [*batch, *self._waiting], []
            found = [error] * len(batch)
        for (_, answer), value in zip(batch, found, strict=True):
            if answer.done():  # whoever asked was cancelled
                continue
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)


class Script:
    """A script in Lua that runs by its hash: the text travels only to a server that has not seen it yet."""

    def __init__(self, together: Together, text: str) -> None:
        self._together, self._text = together, text
        self._hash = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, keys: Sequence[str], *arguments: Command) -> Any:
        """Return what the script returns; raises `RedisError`."""
        given = (len(keys), *keys, *arguments)
        try:
            return await self._together.run("EVALSHA", self._hash, *given)
        except NoScriptError:
            return await self._together.run("EVAL", self._text, *given)


class Hints:
    """Publishes topics, without data, after a commit; never on anybody's way: `say` returns at once.

    Topics said while one is on its way travel once. With Redis down they are dropped: pages catch up when they reload.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._topics: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def say(self, topic: str) -> None:
        """Tell every open page that rows of this topic may have changed."""
        self._topics.add(topic)
        self._wake.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._publish())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task:
            await end(self._task)

    async def _publish(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            topics, self._topics = self._topics, set()
            for topic in topics:
                try:
                    await self._redis.publish(HINTS, topic)
                except RedisError as error:
                    log.warning("hint_dropped", topic=topic, reason=type(error).__name__)


async def heard(redis: Redis) -> AsyncIterator[str]:
    """Yield every topic that is said, for ever; `EVERYTHING` first, and whenever some may have been missed."""
    failures = 0
    while True:
        try:
            async for topic in _heard_on_one_connection(redis):
                failures = 0
                yield topic
        except (RedisError, OSError, TimeoutError) as error:
            failures += 1
            if failures == 1:
                log.warning("hints_interrupted", reason=type(error).__name__)
        pause = min(0.1 * 2**failures, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(pause * (0.5 + random.random() / 2))  # noqa: S311 (spreads reconnects, hides nothing)


async def _heard_on_one_connection(redis: Redis) -> AsyncIterator[str]:
    async with redis.pubsub() as channel:
        await channel.subscribe(HINTS)
        silent_since = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - silent_since < SILENCE_SECONDS:
            message = await channel.get_message(timeout=SILENCE_SECONDS / 4)
            if message is None:
                await channel.ping()  # a connection that died without a word answers nothing
                continue
            silent_since = asyncio.get_running_loop().time()
            # redis-py resubscribes silently after a broken connection; its confirmation is how we notice.
            if message["type"] == "subscribe":
                log.info("hints_subscribed")
                yield EVERYTHING
            elif message["type"] == "message" and isinstance(message["data"], bytes):
                yield message["data"].decode(errors="replace")
