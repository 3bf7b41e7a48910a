"""The log of Bot API calls: what the bot asked for and what it was told."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from infra.local.telegram.world import Part


class Call(Part):
    """One call, in the order of `id`; `error_code` is None when it succeeded."""

    id: int
    at: float
    method: str
    parameters: dict[str, Any]
    error_code: int | None = None
    description: str | None = None
    message_id: int | None = None


@dataclass
class CallLog:
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=20_000))
    _last_id: int = 0

    def open(self, method: str, parameters: dict[str, Any]) -> Call:
        """Write the call down before it is answered; the answer is filled in later."""
        self._last_id += 1
        call = Call(id=self._last_id, at=time.time(), method=method, parameters=parameters)
        self.calls.append(call)
        return call

    def since(self, call_id: int, method: str | None) -> list[Call]:
        wanted = method.lower() if method else None
        return [call for call in self.calls if call.id > call_id and wanted in (None, call.method.lower())]
