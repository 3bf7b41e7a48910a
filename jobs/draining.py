"""The one way from what the admin's pages saw into the database, where only the service may write it."""

import json
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from jobs.connections import Connections

log = structlog.get_logger()

BATCH = 500


async def drain(ctx: dict[str, Any], stream: str, shape: type[BaseModel], function: str) -> None:
    """Carry a stream's entries, of this shape, to a function of `api` that returns how many were new.

    At least once: an entry leaves the stream after the database has it, and told twice it is kept once.
    """
    queue: Redis = ctx["redis"]
    connections: Connections = ctx["connections"]
    while found := await queue.xrange(stream, count=BATCH):
        entries = [entry for _, fields in found if (entry := _read(stream, shape, fields.get(b"entry", b"")))]
        if entries:
            told = [entry.model_dump(mode="json") for entry in entries]
            new = await connections.database.call(function, entries=told)
            log.info("entries_noted", stream=stream, told=len(told), new=new)
        await queue.xdel(stream, *(number for number, _ in found))


def _read(stream: str, shape: type[BaseModel], raw: bytes) -> BaseModel | None:
    """Return the entry, or none for one that could never be stored: it must not hold up the others for ever."""
    try:
        return shape.model_validate(json.loads(raw))
    except (ValidationError, ValueError) as error:
        log.error("entry_unreadable", stream=stream, reason=type(error).__name__)
        return None
