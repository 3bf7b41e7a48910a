"""What becomes of sign-ins, told to the jobs: they hold the key that may write the log, the admin does not."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

from redis.asyncio import Redis

from admin.sessions import derive_key
from admin.visitors import Visitor
from infra.redis import SIGN_INS, leave

Outcome = Literal["signed_in", "refused", "signed_out", "reset_requested", "reset_done", "password_changed"]
Refusal = Literal["credentials", "no_access", "too_many", "second_factor", "link"]


class SignIns:
    """A stream that the jobs empty. An entry is in it for seconds: an e-mail goes no further than to its hash."""

    def __init__(self, redis: Redis, secret: str) -> None:
        self._redis = redis
        self._key = derive_key(secret, "admin sign-in log")

    async def note(
        self,
        outcome: Outcome,
        visitor: Visitor,
        *,
        person_id: UUID | None = None,
        email: str | None = None,
        reason: Refusal | None = None,
    ) -> None:
        """Tell what happened; never in the way of a sign-in."""
        entry = {
            "id": str(uuid4()),
            "happened_at": datetime.now(UTC).isoformat(),
            "outcome": outcome,
            "reason": reason,
            "user_id": person_id and str(person_id),
            "email": email,
            "email_hash": email and self._hash(email),
            **visitor._asdict(),
        }
        await leave(self._redis, SIGN_INS, entry)

    def _hash(self, email: str) -> str:
        return hmac.new(self._key, email.lower().encode(), hashlib.sha256).hexdigest()
