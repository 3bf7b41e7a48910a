"""What the database cannot keep by itself, told to the jobs: a refused act is rolled back with every trace of it."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog
from redis.asyncio import Redis

from infra.redis import SECURITY_EVENTS, leave


class SecurityEvents:
    """A stream that the jobs empty into the audit log, within seconds."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def note(self, kind: Literal["refusal"], person_id: UUID, address: str | None, **details: Any) -> None:
        """Tell what happened while this request was served; never in the way of an answer."""
        entry = {
            "id": str(uuid4()),
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "user_id": str(person_id),
            "address": address,
            "request_id": structlog.contextvars.get_contextvars().get("request_id"),
            "details": details,
        }
        await leave(self._redis, SECURITY_EVENTS, entry)
