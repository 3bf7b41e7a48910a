"""What a part of the local stack is: a process, its variables, what it needs, how one sees that it is well."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.settings import Unfit


@dataclass(frozen=True)
class Part:
    """One supervised process, or one (`once`) that ends by itself, and must end well before the next ones start."""

    name: str
    command: list[str]
    ports: Mapping[str, int] = field(default_factory=dict)
    url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    is_well: Callable[[], bool] = bool
    once: bool = False
    early: bool = False
    """Starts before what it needs is well: it waits by itself, and takes its time to import."""
    folder: Path | None = None
    stop_signal: str = "TERM"


def with_needs(parts: list[Part], names: Iterable[str]) -> list[Part]:
    """Return the named parts and all that they need; raise `Unfit` on a name that is none."""
    known = {part.name: part for part in parts}
    wanted: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in known and name not in wanted:
            wanted.add(name)
            todo += known[name].needs
        elif name in names and name not in known:
            raise Unfit(f"there is no part {name}, only {', '.join(known)}")
    return [part for part in parts if part.name in wanted]
