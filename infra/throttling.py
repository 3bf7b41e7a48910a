"""How often somebody may: one atomic limiter in Redis for every copy of every process.

A sliding log: the instants of what passed within the window, oldest first, at most `limit` of them. It is the one shape
that keeps the promise as people read it, "never more than 30 in any minute": a fixed window lets twice as many pass
around its edge, and so does GCRA with a burst (a whole burst, and the refill beside it). Its price is memory by limit,
not by traffic: 30 instants of 16 digits. Each call looks at the head, the length and the tail only.
"""

from dataclasses import dataclass

from prometheus_client import Counter
from redis.asyncio import Redis

from infra.outage import Outage
from infra.redis import Script, Together

# Redis' own clock, in microseconds: copies on several machines never agree on theirs.
_SPEND = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local spent, passes = redis.call('LLEN', KEYS[1]), 0
if spent < limit then
  passes, spent = 1, spent + 1
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
end
return {passes, math.max(limit - spent, 0), tonumber(oldest or now) + window - now}
"""
refused = Counter("buhbot_throttled_total", "What was refused because it came too often, by kind.", ["kind"])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bucket says: whether this one passes, how many more would, and in how many seconds one comes free."""

    passes: bool
    limit: int
    remaining: int
    reset_seconds: float


class TooOften(Exception):  # noqa: N818 (reads as what happened)
    """The bucket is empty: `verdict` says for how long."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"again in {verdict.reset_seconds:.0f} s")
        self.verdict = verdict


class Limiter:
    """Counts by bucket. Open when Redis is down: it slows down whoever is too eager, it guards no door."""

    def __init__(self, redis: Redis, outage: Outage | None = None, *, window_seconds: float = 60.0) -> None:
        self._spend = Script(Together(redis), _SPEND)
        self._window_seconds = window_seconds
        self._outage = outage or Outage()

    async def spend(self, bucket: str, limit: int) -> Verdict:
        """Take one from the bucket, unless `limit` were taken within the window. A refusal costs nothing."""
        everything = Verdict(passes=True, limit=limit, remaining=limit, reset_seconds=self._window_seconds)
        window = int(self._window_seconds * 1_000_000)
        found = await self._outage.ask(lambda: self._spend.run([f"throttle:{bucket}"], limit, window), None)
        if found is None:
            return everything
        passes, remaining, reset = found
        return Verdict(bool(passes), limit, remaining, reset / 1_000_000)
