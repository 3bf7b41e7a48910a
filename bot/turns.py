"""Turns: one update of a conversation at a time, in whichever copy of the bot it is handled.

Lanes keep the order within a copy. Two copies meet here, in a queue per conversation in Redis: whoever came first goes
first. aiogram's own lock is taken by whichever waiter happens to look first, so it keeps no order at all. Nobody can
promise more than order of arrival: Telegram may hand the later of two updates to the faster copy.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiogram.fsm.storage.base import BaseEventIsolation, DefaultKeyBuilder, StorageKey
from redis.asyncio import Redis

from infra.outage import Outage
from infra.redis import Command, Script, Together

# A copy that was killed keeps others from its conversation for so long; a handler that takes longer is overtaken.
LEASE_SECONDS = 10.0
# Behind a row of dead ones: rather out of turn than never.
PATIENCE_SECONDS = 25.0
LOOK_SECONDS = 0.02

# The queue's first has the lease. Without a lease the first is dead, and the next takes its place. Whoever's turn it is
# gets the state along: the next question would be for that.
_ENTER = """
local queue, lease, state, ticket, ms = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
if not redis.call('LPOS', queue, ticket) then redis.call('RPUSH', queue, ticket) end
if redis.call('LINDEX', queue, 0) ~= ticket then
  if redis.call('EXISTS', lease) == 1 then return {} end
  redis.call('LPOP', queue)
  if redis.call('LINDEX', queue, 0) ~= ticket then return {} end
end
redis.call('SET', lease, ticket, 'PX', ms)
redis.call('PEXPIRE', queue, 10 * ms)
return {redis.call('GET', state) or ''}
"""
# The next one has until its lease ends to notice.
_LEAVE = """
local queue, lease, ticket, ms = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
redis.call('LREM', queue, 1, ticket)
if redis.call('GET', lease) == ticket then
  local following = redis.call('LINDEX', queue, 0)
  if following then redis.call('SET', lease, following, 'PX', ms) else redis.call('DEL', lease) end
end
return 1
"""

# All that concerns one conversation stands under one name.
KEYS = DefaultKeyBuilder(prefix="conversation")

log = structlog.get_logger()


class Turns(BaseEventIsolation):
    """Hands out turns. Open when Redis is down: copies may then meet in one conversation, which is lost anyway.

    `states` holds, during a turn, the state in which it found its conversation; whoever reads it takes it out.
    """

    def __init__(self, redis: Redis, outage: Outage, *, lease_seconds: float = LEASE_SECONDS) -> None:
        together = Together(redis)
        self._enter, self._leave = Script(together, _ENTER), Script(together, _LEAVE)
        self._outage, self._lease = outage, int(lease_seconds * 1000)
        self.states: dict[StorageKey, str | None] = {}

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None]:
        """Wait until it is this update's turn, and pass it on afterwards."""
        queue, lease, state = (KEYS.build(key, part) for part in (None, "lock", "state"))
        ticket = (secrets.token_hex(8), self._lease)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not (found := await self._ask(self._enter, (queue, lease, state), *ticket)):
            if time.monotonic() > give_up_at:
                log.warning("turn_not_waited_for")
                break
            await asyncio.sleep(LOOK_SECONDS)
        else:
            self.states[key] = found[0].decode() or None
        try:
            yield
        finally:
            self.states.pop(key, None)
            await self._ask(self._leave, (queue, lease), *ticket)

    async def close(self) -> None:
        """Nothing is held beyond a turn."""

    async def _ask(self, script: Script, keys: Sequence[str], *ticket: Command) -> list[bytes]:
        """Return what the script says; without Redis it is everybody's turn, and nobody has a state."""
        found: list[bytes] = await self._outage.ask(lambda: script.run(keys, *ticket), [b""])
        return found
