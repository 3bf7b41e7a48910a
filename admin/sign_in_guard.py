"""Guessing passwords takes for ever: failed sign-ins per account and per address make the next one wait.

Every attempt counts as failed from its beginning, so that a hundred at once are no better than a hundred in a row; who
turns out to be right gets his account's count cleared and his own attempt at the address back. The address keeps what
others failed there: one good account would otherwise buy endless guesses at others.
"""

import hashlib
import hmac
import time
from collections import OrderedDict, deque
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from admin.security import address_block
from admin.sessions import derive_key
from admin.settings import AdminSettings
from infra.outage import Outage
from infra.throttling import TooOften, Verdict, refused

log = structlog.get_logger()

FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 15 * 60
# After so long without an attempt all is forgotten.
MEMORY_SECONDS = 24 * 3600
# While Redis is away each copy counts for itself, in one window, and remembers only so many accounts and addresses.
LOCAL_WINDOW_SECONDS = 60.0
LOCAL_BUCKETS = 10_000

# KEYS: account, address. ARGV: first wait, longest wait, memory (ms), free attempts of each key. Answers the wait (ms).
_ATTEMPT = """
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local wait = 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, tonumber(redis.call('HGET', key, 'free_at') or 0) - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local free = tonumber(ARGV[3 + i])
  local failures = redis.call('HINCRBY', key, 'failures', 1)
  if failures >= free then
    redis.call('HSET', key, 'free_at', now + math.min(ARGV[1] * 2 ^ (failures - free), tonumber(ARGV[2])))
  end
  redis.call('PEXPIRE', key, ARGV[3])
end
return 0
"""
# KEYS: what gets one attempt back. ARGV: free attempts of each key.
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
  local failures = redis.call('HINCRBY', key, 'failures', -1)
  if failures <= 0 then
    redis.call('DEL', key)
  elseif failures < tonumber(ARGV[i]) then
    redis.call('HDEL', key, 'free_at')
  end
end
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was let through to Auth; none of its keys tells whose it is."""

    account: str
    address: str


class SignInGuard:
    """Counts in Redis for all copies together; without Redis in this process, so that people still get in."""

    def __init__(self, redis: Redis, settings: AdminSettings, outage: Outage | None = None) -> None:
        self._redis = redis
        self._attempt, self._give_back = redis.register_script(_ATTEMPT), redis.register_script(_GIVE_BACK)
        self._key = derive_key(settings.session_secret.get_secret_value(), "admin sign-in attempts")
        self._per_account, self._per_address = settings.sign_ins_per_account, settings.sign_ins_per_address
        self._outage = outage or Outage()
        self._local: OrderedDict[str, deque[float]] = OrderedDict()

    async def begin(self, email: str, address: str) -> Attempt:
        """Count an attempt, or raise `TooOften` with the seconds to wait; a refused one counts for nothing."""
        attempt = Attempt(self._name("account", email.strip().lower()), self._name("address", address_block(address)))
        waits = [1000 * seconds for seconds in (FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, MEMORY_SECONDS)]
        try:
            if self._outage.is_fresh:
                return self._begin_locally(attempt)
            wait = await self._attempt([attempt.account, attempt.address], [*waits, *self._free])
        except RedisError as error:
            self._outage.begin(error)
            return self._begin_locally(attempt)
        self._outage.end()
        if wait:
            raise self._too_often(wait / 1000)
        return attempt

    async def succeed(self, attempt: Attempt) -> None:
        """Forget the account's failures, and this attempt at the address."""
        await self._settle(attempt, [attempt.address], [self._per_address], forgotten=attempt.account)

    async def cancel(self, attempt: Attempt) -> None:
        """Give back an attempt that was never judged: Auth did not answer."""
        await self._settle(attempt, [attempt.account, attempt.address], self._free)

    @property
    def _free(self) -> list[int]:
        return [self._per_account, self._per_address]

    async def _settle(self, attempt: Attempt, keys: list[str], free: list[int], forgotten: str = "") -> None:
        self._local.pop(attempt.account, None)
        if self._outage.is_fresh:
            return
        try:
            if forgotten:
                await self._redis.delete(forgotten)
            await self._give_back(keys, free)
        except RedisError as error:
            self._outage.begin(error)

    def _begin_locally(self, attempt: Attempt) -> Attempt:
        now = time.monotonic()
        logs = [self._recent(name, now) for name in (attempt.account, attempt.address)]
        waits = [
            instants[0] + LOCAL_WINDOW_SECONDS - now
            for instants, free in zip(logs, self._free, strict=True)
            if len(instants) >= free
        ]
        if waits:
            raise self._too_often(max(waits))
        for instants in logs:
            instants.append(now)
        return attempt

    def _recent(self, name: str, now: float) -> deque[float]:
        instants = self._local.setdefault(name, deque())
        self._local.move_to_end(name)
        while len(self._local) > LOCAL_BUCKETS:
            self._local.popitem(last=False)
        while instants and instants[0] <= now - LOCAL_WINDOW_SECONDS:
            instants.popleft()
        return instants

    def _too_often(self, seconds: float) -> TooOften:
        refused.labels("sign_in").inc()
        return TooOften(Verdict(passes=False, limit=self._per_account, remaining=0, reset_seconds=seconds))

    def _name(self, kind: str, value: str) -> str:
        # Keyed, so that a look into Redis names neither people nor places.
        return f"admin:sign-ins:{kind}:{hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:32]}"
