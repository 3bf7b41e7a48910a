"""A list of people as Excel or a person writes it, turned into what `api.invite_staff` takes."""

from collections.abc import Mapping

from admin.people import ROLE_WORDS
from admin.sheets import lines_of, named

COLUMNS = ("email", "full_name", "role", "telegram_username", "manager")
# What the first line may call a column, in lower case.
HEADINGS = {
    "почта": "email",
    "email": "email",
    "e-mail": "email",
    "имя": "full_name",
    "фио": "full_name",
    "сотрудник": "full_name",
    "name": "full_name",
    "роль": "role",
    "role": "role",
    "telegram": "telegram_username",
    "телеграм": "telegram_username",
    "менеджер": "manager",
    "руководитель": "manager",
    "manager": "manager",
}
# A file to fill in.
TEMPLATE = (
    ("Почта", "Имя", "Роль", "Telegram", "Менеджер"),
    ("olga@firma.ru", "Ольга Петрова", "бухгалтер", "@olga_buh", "petr@firma.ru"),
)
_ROLES: Mapping[str, str] = {word: role for role, word in ROLE_WORDS.items()}


def people_of(text: str, default_role: str) -> list[dict[str, str]]:
    """Return a row per line with anything on it; the first line may name the columns."""
    return [_person(row, default_role) for _, row in named(lines_of(text), COLUMNS, HEADINGS)]


def _person(row: dict[str, str], default_role: str) -> dict[str, str]:
    role = row.get("role", "").lower() or default_role
    return {**row, "role": _ROLES.get(role, role)}
