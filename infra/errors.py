"""What the log calls an error, counted by kind and place, on its way to `/errors`: a stream that the jobs empty.

An outage must not feed on itself. A process leaves each kind once in a few seconds, with how often it came and a few
numbers that people were told. Kinds, numbers and the stream are bounded: what does not fit is in the log alone.
"""

import asyncio
import hashlib
import re
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from infra import masking
from infra.redis import ERRORS, end, leave

SECONDS = 2.0
MOST_KINDS, MOST_REFERENCES, LONGEST_TRACE = 100, 5, 4000
# Should the jobs stay away: kilobytes each, so that the oldest give way soon.
MOST_WAITING = 2000

# Ids and places that lead to the line in the log; whatever else an event carries stays there.
_DETAILS = ("function", "job", "outbox_id", "request_id", "route", "stream", "update_id")
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+), in (\S+)', re.MULTILINE)
_KIND = re.compile(r"^[\w.]+")


class Errors:
    """Kinds of errors since they were last taken; told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[str, Any]] = {}

    def note(self, component: str, event: str, trace: str, fields: Mapping[str, Any]) -> None:
        """Count one; `trace` is a masked traceback or empty."""
        now = datetime.now(UTC).isoformat()
        places = [f"{_short(path)} in {function}" for path, _, function in _FRAME.findall(trace)]
        kind = _kind_of(trace)
        fingerprint = hashlib.sha256("\n".join([component, event, kind, *places]).encode()).hexdigest()[:32]
        with self._lock:
            if fingerprint not in self._kinds and len(self._kinds) >= MOST_KINDS:
                return
            entry = self._kinds.setdefault(
                fingerprint,
                {
                    "component": component,
                    "event": event,
                    "fingerprint": fingerprint,
                    "place": ", ".join(filter(None, [kind, places[-1] if places else ""]))[:300],
                    "trace": trace[-LONGEST_TRACE:],
                    "amount": 0,
                    "references": [],
                },
            )
            entry["amount"] += 1
            entry["at"] = now
            if (reference := fields.get("reference")) and len(entry["references"]) < MOST_REFERENCES:
                detail = {name: masking.field(fields[name]) for name in _DETAILS if fields.get(name) is not None}
                entry["references"].append({"reference": str(reference), "at": now, "detail": detail})

    def take(self) -> list[dict[str, Any]]:
        """Return what came since the last time, each under an id of its own."""
        with self._lock:
            taken, self._kinds = self._kinds, {}
        return [{"id": str(uuid4()), **entry} for entry in taken.values()]


# Logging is configured once for the whole process, and so is this.
errors = Errors()


@asynccontextmanager
async def telling(redis: Redis, seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Leave what came every so many seconds while the block runs, and once more at its end."""

    async def keep_telling() -> None:
        while True:
            await asyncio.sleep(seconds)
            await _leave_all(redis)

    task = asyncio.create_task(keep_telling())
    try:
        yield
    finally:
        await end(task)
        await _leave_all(redis)


async def _leave_all(redis: Redis) -> None:
    for entry in errors.take():
        await leave(redis, ERRORS, entry, most=MOST_WAITING)


def _kind_of(trace: str) -> str:
    found = _KIND.match(trace.rstrip().rpartition("\n")[2])
    return found[0] if found else ""


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])
