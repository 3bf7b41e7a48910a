"""The pages that a role finds in the menu, in order: the one list of them. One's own page is under one's name."""

from itertools import groupby
from typing import NamedTuple

from admin.people import ROLE_WORDS, Role
from infra.words import N_

EVERYBODY = frozenset(ROLE_WORDS)
MANAGERS: frozenset[Role] = frozenset({"admin", "manager"})

WORK, FIRM, RULES = N_("Работа"), N_("Фирма"), N_("Правила")


class Destination(NamedTuple):
    """A page in the menu."""

    group: str
    path: str
    title: str
    roles: frozenset[Role] = EVERYBODY


DESTINATIONS = (
    Destination(WORK, "/requests", N_("Ожидают ответа")),
    Destination(FIRM, "/chats", N_("Чаты")),
    Destination(FIRM, "/clients", N_("Клиенты")),
    Destination(FIRM, "/team", N_("Команда"), MANAGERS),
    Destination(FIRM, "/tasks", N_("Задания"), MANAGERS),
    Destination(RULES, "/schedules", N_("Графики")),
    Destination(RULES, "/policies", N_("Политики")),
)


def destinations_of(role: Role) -> list[tuple[str, list[Destination]]]:
    """Return what this role may open, by group. The database refuses the rest all the same."""
    mine = [destination for destination in DESTINATIONS if role in destination.roles]
    return [(group, list(places)) for group, places in groupby(mine, key=lambda place: place.group)]
