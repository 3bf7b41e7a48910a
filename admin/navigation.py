"""The pages that a role finds in the menu, in order: the one list of them. One's own page is under one's name."""

from functools import cache
from itertools import groupby
from typing import NamedTuple

from admin.people import ADMINS, MANAGERS, ROLE_WORDS, Role
from infra.words import N_

EVERYBODY = frozenset(ROLE_WORDS)

WORK, FIRM, RULES, RESULTS, SYSTEM = N_("Работа"), N_("Фирма"), N_("Правила"), N_("Итоги"), N_("Система")


class Destination(NamedTuple):
    """A page in the menu."""

    group: str
    path: str
    title: str
    roles: frozenset[Role] = EVERYBODY


DESTINATIONS = (
    Destination(WORK, "/", N_("Сегодня")),
    Destination(WORK, "/requests", N_("Ожидают ответа")),
    Destination(WORK, "/alerts", N_("Оповещения")),
    Destination(FIRM, "/chats", N_("Чаты")),
    Destination(FIRM, "/clients", N_("Клиенты")),
    Destination(FIRM, "/team", N_("Команда"), MANAGERS),
    Destination(FIRM, "/tasks", N_("Задания"), MANAGERS),
    Destination(RULES, "/schedules", N_("Графики")),
    Destination(RULES, "/policies", N_("Политики")),
    Destination(RULES, "/templates", N_("Шаблоны")),
    Destination(RULES, "/faq", N_("Частые вопросы")),
    Destination(RULES, "/surveys", N_("Опросы"), MANAGERS),
    Destination(RESULTS, "/reports", N_("Итоги")),
    Destination(RESULTS, "/feedback", N_("Оценки клиентов")),
    Destination(SYSTEM, "/settings", N_("Настройки"), ADMINS),
    Destination(SYSTEM, "/audit", N_("Журнал"), ADMINS),
    Destination(SYSTEM, "/errors", N_("Ошибки"), ADMINS),
    Destination(SYSTEM, "/system", N_("Система"), ADMINS),
    Destination("", "/help", N_("Помощь")),
)


@cache
def destinations_of(role: Role) -> list[tuple[str, list[Destination]]]:
    """Return what this role may open, by group. The database refuses the rest all the same."""
    mine = [destination for destination in DESTINATIONS if role in destination.roles]
    return [(group, list(places)) for group, places in groupby(mine, key=lambda place: place.group)]
