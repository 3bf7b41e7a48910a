"""Redis clients, what waits in streams, and hints: the word "something changed" for whoever shows it."""

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

HINTS = "hints"
# Between two hints of one process: a burst of commits is one word, and a page hears of the first at once.
HINT_PAUSE_SECONDS = 0.1

# What the admin leaves in the queue instance and the jobs look after.
SIGN_INS = "sign_ins"  # a stream of sign-ins that are not in the log yet
SECURITY_EVENTS = "buhbot:security_events"  # and one of what else the audit log does not know yet
SESSION = "admin:session:"  # and the hash of a session's id: the session, sealed
SEEN = "admin:seen:"  # and the same hash: when it was last used, in seconds since 1970
SESSIONS_OF = "admin:sessions:"  # and a person's id: these hashes in a sorted set, by when they end at the latest
ENDED = "admin:ended:"  # and the hash of a session's id: why somebody else ended it
ENDED_SECONDS = 12 * 3600  # and how long that can be asked

# Should the jobs stay away for long, the oldest give way: an attack must not fill the queue instance.
MOST_WAITING = 100_000

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


async def leave(client: Redis, stream: str, entry: Mapping[str, Any]) -> None:
    """Add to a stream that the jobs empty. Never in anybody's way: what cannot be added is logged as lost."""
    try:
        await client.xadd(stream, {"entry": json.dumps(entry)}, maxlen=MOST_WAITING, approximate=True)
    except RedisError as error:
        log.warning("entry_not_left", stream=stream, reason=type(error).__name__)


async def end(task: asyncio.Task[None], seconds: float = 0.2) -> None:
    """Cancel a task that speaks to Redis and wait for it; `seconds` is what its own clean-up may take.

    More than once: a cancellation that meets redis-py 5.2 while it connects gets lost.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=seconds)


class Hints:
    """Publishes topics, without data, after a commit; never on anybody's way: `say` returns at once.

    Topics said in the tenth of a second after one travel once. With Redis down they are dropped: pages catch up when
    they reload.
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
            await asyncio.sleep(HINT_PAUSE_SECONDS)
