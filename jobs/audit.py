"""Seals what the audit log recorded, and writes the last seal where the owner of the database cannot rewrite it.

A seal in the log is an anchor: `make audit-verify ANCHOR=<number>:<hash>` fails on a chain that was bent later.
"""

import structlog
from pydantic import BaseModel, ConfigDict

from jobs.connections import Connections

log = structlog.get_logger()


class Sealed(BaseModel):
    """What `api.seal_audit` did: how many entries, and the last seal."""

    model_config = ConfigDict(frozen=True)

    sealed: int
    number: int
    hash: str


class Head(BaseModel):
    """The last seal, as `api.audit_head` tells it; number 0 when there is none."""

    model_config = ConfigDict(frozen=True)

    number: int
    hash: str | None
    unsealed: int


async def seal(connections: Connections) -> None:
    """Seal what waits; several processes may try, one does it."""
    answer = await connections.database.call("seal_audit")
    if answer is None:
        return
    done = Sealed.model_validate(answer)
    if done.sealed:
        log.info("audit_sealed", entries=done.sealed, number=done.number, hash=done.hash)


async def tell_head(connections: Connections) -> None:
    """Log the last seal; run at start and daily, so that a quiet firm has its anchors as well."""
    head = Head.model_validate(await connections.database.call("audit_head"))
    log.info("audit_head", number=head.number, hash=head.hash, unsealed=head.unsealed)
