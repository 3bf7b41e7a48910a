"""Redis away: noticed once, waited for by nobody. Every use of it that must not hold people up asks through here."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

# While Redis is away nobody waits for it again and again: the next question is put after this long.
PAUSE_SECONDS = 1.0

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Outage:
    """Whether Redis was away when last asked. Says so once when it goes and once when it is back.

    One for each Redis instance of a process: what one use has noticed, the others need not find out.
    """

    def __init__(self) -> None:
        self._is_on = False
        self._ask_again_at = 0.0

    @property
    def is_fresh(self) -> bool:
        """Assert that asking again would only cost time."""
        return self._is_on and time.monotonic() < self._ask_again_at

    async def ask(self, question: Callable[[], Awaitable[Answer]], otherwise: Answer) -> Answer:
        """Return what Redis says to the question, or `otherwise` at once while it is away."""
        if self.is_fresh:
            return otherwise
        # A Redis that holds still keeps its callers for seconds: one of them finds out, the rest go on.
        self._ask_again_at = time.monotonic() + PAUSE_SECONDS
        try:
            answer = await question()
        except RedisError as error:
            self.begin(error)
            return otherwise
        self.end()
        return answer

    def begin(self, reason: RedisError) -> None:
        """Note that Redis did not answer."""
        self._ask_again_at = time.monotonic() + PAUSE_SECONDS
        if not self._is_on:
            log.warning("redis_lost", reason=type(reason).__name__)
        self._is_on = True

    def end(self) -> None:
        """Note that Redis answered."""
        if self._is_on:
            log.info("redis_back")
        self._is_on = False
