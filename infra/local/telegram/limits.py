"""Telegram's sending limits: 30 a second in all, one a second per chat, 20 a minute per group."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.local.telegram.errors import too_many_requests


@dataclass
class _Bucket:
    """Tokens that come back at `rate` a second up to `size`: the size is the burst that passes at once."""

    size: float
    rate: float
    tokens: float
    at: float

    def refill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now

    @property
    def wait(self) -> float:
        return max(0.0, (1 - self.tokens) / self.rate)


@dataclass
class Limits:
    """One bucket per rule; a refused call costs nothing. Switched off by the control API for benches."""

    on: bool = True
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def _bucket(self, name: str, size: float, rate: float, now: float) -> _Bucket:
        bucket = self._buckets.setdefault(name, _Bucket(size, rate, size, now))
        bucket.refill(now)
        return bucket

    def spend(self, chat_id: int) -> None:
        """Count one message to the chat, or refuse it with the seconds to wait."""
        if not self.on:
            return
        now = self.clock()
        # Telegram forgives a short burst to one chat ("you may send more for a short time").
        buckets = [self._bucket("all", 30, 30, now), self._bucket(f"chat {chat_id}", 5, 1, now)]
        if chat_id < 0:
            buckets.append(self._bucket(f"group {chat_id}", 20, 20 / 60, now))
        wait = max(bucket.wait for bucket in buckets)
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        for bucket in buckets:
            bucket.tokens -= 1

    def switch(self, *, on: bool) -> None:
        self.on = on
        self._buckets.clear()
