"""The firm of the model: who is staff, who stands in for whom, and who hears of what (S4, S13)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

LADDER = {"warning": ("owner",), "breach": ("owner", "manager")}
ESCALATION = (("owner", "manager"), ("manager",), ("manager", "head"), ("manager", "head"), ("manager", "head"))


@dataclass
class Person:
    id: UUID
    telegram_id: int
    role: str
    active: bool = True
    reachable: bool = True


@dataclass(frozen=True)
class Absence:
    who: UUID
    substitute: UUID | None
    since: datetime
    until: datetime


@dataclass
class People:
    staff: dict[UUID, Person]
    absences: list[Absence] = field(default_factory=list)
    managed: set[tuple[UUID, UUID]] = field(default_factory=set)
    head: UUID | None = None

    def known_as(self, telegram_id: int | None) -> Person | None:
        return next((p for p in self.staff.values() if p.telegram_id == telegram_id and p.active), None)

    def on_duty(self, owner: UUID | None, at: datetime) -> UUID | None:
        """Return the owner, or who stands in, however many are away; None where somebody left no substitute."""
        for absence in self.absences:
            if absence.who == owner and absence.since <= at < absence.until:
                return self.on_duty(absence.substitute, at)
        return owner

    def recipients(self, kind: str, level: int, owner: UUID | None, at: datetime) -> set[UUID]:
        """Return who hears: of each group of the step those who can be reached, else the next group in the line."""
        linked = [manager for manager, accountant in self.managed if accountant == owner]
        line: list[Iterable[UUID | None]] = [
            [owner], linked, self._of("manager"), [self.head], self._of("admin"),
        ]  # fmt: skip
        enters = {"owner": 0, "manager": 1, "head": 3}
        groups = ESCALATION[level - 1] if kind == "escalation" else LADDER[kind]
        return {person for group in groups for person in self._first_reachable(line[enters[group] :], at)}

    def _first_reachable(self, line: list[Iterable[UUID | None]], at: datetime) -> set[UUID]:
        for group in line:
            on_duty = {stand_in for who in group if (stand_in := self.on_duty(who, at))}
            if reached := {who for who in on_duty if self._hears(self.staff[who])}:
                return reached
        return set()

    def _hears(self, person: Person) -> bool:
        """Say whether alerts may go there: they quote clients, whose words observers never read (I1)."""
        return person.active and person.reachable and person.role != "observer"

    def _of(self, role: str) -> list[UUID]:
        return [person.id for person in self.staff.values() if person.role == role and person.active]
