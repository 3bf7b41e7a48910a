"""The pages that a role finds in the header, in order: the one list of them. One's own page is under one's name."""

from typing import NamedTuple

from admin.people import ROLE_WORDS, Role

EVERYBODY = frozenset(ROLE_WORDS)


class Destination(NamedTuple):
    """A page in the header."""

    path: str
    title: str
    roles: frozenset[Role] = EVERYBODY


DESTINATIONS = (
    Destination("/requests", "Ожидают ответа"),
    Destination("/clients", "Клиенты"),
    Destination("/team", "Команда", frozenset({"admin", "manager"})),
)


def destinations_of(role: Role) -> list[Destination]:
    """Return what this role may open. The database refuses the rest all the same."""
    return [destination for destination in DESTINATIONS if role in destination.roles]
