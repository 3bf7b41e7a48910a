"""Clears away what is left of the admin's sessions: those that idled out, and those of people who left."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, TypeAdapter
from redis.asyncio import Redis

from infra.redis import ENDED, ENDED_SECONDS, SEEN, SESSION, SESSIONS_OF
from jobs.connections import Connections

log = structlog.get_logger()


class Left(BaseModel):
    """A row of `api.users`."""

    id: UUID


_LEFT = TypeAdapter(list[Left])


async def clear(ctx: dict[str, Any]) -> None:
    """Take ended sessions off the lists of their owners, and end those of people who may no longer come in.

    A list is a sorted set; sessions themselves end by Redis' own clock, so this decides nothing, it tidies.
    """
    queue: Redis = ctx["redis"]
    connections: Connections = ctx["connections"]
    left = _LEFT.validate_python(await connections.database.read("users", "id", active=False))
    ended = 0
    for person in left:
        ended += await _end_all(queue, f"{SESSIONS_OF}{person.id}")
    async for owner in queue.scan_iter(match=f"{SESSIONS_OF}*", count=500):
        ended += await _drop_dead(queue, owner)
    if ended:
        connections.hints.say("sessions")
        log.info("sessions_cleared", sessions=ended)


async def _end_all(queue: Redis, owner: str) -> int:
    handles = await queue.zrange(owner, 0, -1)
    for handle in handles:
        await queue.set(ENDED + handle.decode(), "deactivated", ex=ENDED_SECONDS)
    await _forget(queue, owner, handles)
    return len(handles)


async def _drop_dead(queue: Redis, owner: bytes) -> int:
    handles = await queue.zrange(owner, 0, -1)
    # Never a race: a session and its place on the list are written together, and a handle is never used again.
    dead = [handle for handle in handles if not await queue.exists(SESSION + handle.decode())]
    await _forget(queue, owner, dead)
    return len(dead)


async def _forget(queue: Redis, owner: bytes | str, handles: Sequence[bytes]) -> None:
    if not handles:
        return
    names = [prefix + handle.decode() for prefix in (SESSION, SEEN) for handle in handles]
    async with queue.pipeline(transaction=True) as together:
        together.delete(*names)
        together.zrem(owner, *handles)
        await together.execute()
