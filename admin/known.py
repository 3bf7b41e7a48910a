"""What this process read last of each person: a name, a language, a menu. Never rights: SQL decides those each time.

It is forgotten when anybody of the firm changes, here at once and in other copies with the hint, and after a minute
whatever happens: a change behind the processes' back is nobody's to announce.
"""

import time
from typing import Generic, TypeVar
from uuid import UUID

from infra.caching import IDENTITY
from infra.redis import EVERYTHING

SECONDS = 60.0

Value = TypeVar("Value")


class Known(Generic[Value]):
    """Values by the person's id."""

    def __init__(self) -> None:
        self._values: dict[UUID, tuple[float, Value]] = {}
        self.times_forgotten = 0
        """What was asked for before this changed may be out of date."""

    def find(self, person_id: UUID) -> Value | None:
        """Return what is known, none when it has to be read."""
        until, value = self._values.get(person_id, (0.0, None))
        return value if until > time.monotonic() else None

    def keep(self, person_id: UUID, value: Value, times_forgotten: int) -> None:
        """Keep what was read, unless anything was forgotten since it was asked for."""
        if times_forgotten == self.times_forgotten:
            self._values[person_id] = time.monotonic() + SECONDS, value

    def hear(self, topic: str) -> None:
        """Forget everything if the hint is about people."""
        if topic in {IDENTITY, EVERYTHING}:
            self.forget()

    def forget(self) -> None:
        """Forget everything."""
        self._values.clear()
        self.times_forgotten += 1
