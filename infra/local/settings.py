"""What the caller's environment says to the local stack: where it lives, and what it need not bring."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# All below 32768: above, Linux takes the ports of outgoing connections, and a passing client can hold one for a minute.
PORTS = {
    "bot": 3000,
    "jobs": 3002,
    "admin": 5000,
    "redis-queue": 6380,
    "redis-cache": 6381,
    "gateway": 8000,
    "simulator": 8081,
    "postgres": 15432,
    "supervisor": 24330,
    "postgrest": 24331,
    "postgrest-admin": 24332,
    "auth": 24333,
}


class Unfit(Exception):  # noqa: N818 (reads as what happened)
    """The stack cannot start, or go on; the message is one line that says what and how to mend it."""


@dataclass(frozen=True)
class Caller:
    """The folder of the clone, the port offset, and the variables that are not empty."""

    root: Path
    offset: int
    variables: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The folder of this stack's data, keys and logs."""
        local = self.root / ".local"
        return local / str(self.offset) if self.offset else local

    def port(self, name: str) -> int:
        """Return the default port of a part, shifted."""
        return PORTS[name] + self.offset


def read() -> Caller:
    """Read the environment; raise `Unfit` on a wrong PORT_OFFSET."""
    variables = {name: value for name, value in os.environ.items() if value}
    return Caller(Path(__file__).resolve().parents[2], _offset(variables.get("PORT_OFFSET", "0")), variables)


def _offset(text: str) -> int:
    if text.isdecimal() and int(text) in range(0, 2000, 100):
        return int(text)
    raise Unfit(f"PORT_OFFSET={text} is no multiple of 100 below 2000, such as PORT_OFFSET=100")
