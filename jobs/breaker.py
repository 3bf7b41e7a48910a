"""A fuse before a service that fails: shared by all copies of the process, so that together they leave it alone."""

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis

from infra.outage import Outage

FAILURES, OPEN_SECONDS = 5, 60.0
# A probe that was killed holds up the next one for as long as a call can take, and a little more.
PROBE_SECONDS = 15.0

# Redis' own clock, in milliseconds: copies on several machines never agree on theirs.
_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local opened = tonumber(redis.call('HGET', KEYS[1], 'open_until'))
"""
_CLOSED = 2
# That while it is closed, 0 while it is open, then 1 for one caller at a time.
_PASS = (
    _NOW
    + """
if not opened then return 2 end
if now < opened or now < tonumber(redis.call('HGET', KEYS[1], 'probe_until') or 0) then return 0 end
if ARGV[1] == '1' then redis.call('HSET', KEYS[1], 'probe_until', now + ARGV[2]) end
return 1
"""
)
# Whether this failure opened it. What was under way when it opened says nothing new.
_FAIL = (
    _NOW
    + """
if opened and now < opened then return 0 end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], 3600000)
if not opened and failures < tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'open_until', now + ARGV[2])
redis.call('HDEL', KEYS[1], 'probe_until')
return 1
"""
)

is_open = Gauge("buhbot_model_breaker_open", "1 while the model is left alone after failures in a row.")

log = structlog.get_logger()


class Breaker:
    """Five failures in a row open it for a minute; then one probe decides.

    Without Redis nobody is let through: what it protects is wanted, not needed.
    """

    def __init__(self, redis: Redis, name: str, *, open_seconds: float = OPEN_SECONDS) -> None:
        self._key = f"breaker:{name}"
        self._redis, self._outage = redis, Outage()
        self._pass, self._fail = redis.register_script(_PASS), redis.register_script(_FAIL)
        self._open_milliseconds = int(open_seconds * 1000)

    async def room(self, most: int) -> int:
        """Return how many calls may be prepared now: none while it is open, one for the probe, else `most`."""
        state = await self._state(probing=False)
        return most if state == _CLOSED else state

    async def lets_through(self) -> bool:
        """Ask before each call; whoever is let through says afterwards how it went."""
        return await self._state(probing=True) > 0

    async def succeeded(self) -> None:
        """Close it."""
        await self._outage.ask(lambda: self._redis.delete(self._key), 0)

    async def failed(self) -> None:
        """Count a failure."""
        arguments = [FAILURES, self._open_milliseconds]
        if await self._outage.ask(lambda: self._fail([self._key], arguments), 0):
            log.warning("breaker_opened", service=self._key)

    async def _state(self, *, probing: bool) -> int:
        arguments = [int(probing), int(PROBE_SECONDS * 1000)]
        state = int(await self._outage.ask(lambda: self._pass([self._key], arguments), 0))
        is_open.set(state == 0)
        return state
