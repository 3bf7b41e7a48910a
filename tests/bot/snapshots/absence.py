"""Absences."""

from datetime import date
from uuid import UUID

from bot.messages import absence
from bot.messages.absence import Absence, Absences, Colleague, Colleagues
from tests.bot.snapshot import Messages, Told
from tests.bot.told import BUTTONS, ROW

TODAY = date(2026, 4, 6)
DAYS = (date(2026, 12, 24), date(2027, 1, 8))


def absences(*planned: Absence, stands_in_for: tuple[str, ...] = ()) -> Told:
    return absence.absences(Absences(absences=[*planned], stands_in_for=[*stands_in_for]), TODAY, BUTTONS)


def who(page: int = 0, pages: int = 1) -> Told:
    people = [Colleague(id=UUID(int=number), full_name=name) for number, name in enumerate(("Ivan", "Peter"), 1)]
    return absence.who(DAYS, Colleagues(page=page, pages=pages, people=people), TODAY, BUTTONS)


MESSAGES: Messages = {
    "nobody is away": absences,
    "two absences, and somebody to stand in for": lambda: absences(
        Absence(id=ROW, first_on=DAYS[0], last_on=DAYS[1], substitute="Ivan"),
        Absence(id=ROW, first_on=TODAY, last_on=TODAY, substitute=None),
        stands_in_for=("Maria", "Peter"),
    ),
    "when": absence.asked,
    "no days": absence.not_days,
    "who stands in": who,
    "who stands in, of many": lambda: who(1, 3),
}
