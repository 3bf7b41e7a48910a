"""A list of people as Excel or a person writes it, turned into what `api.invite_staff` takes."""

import csv
from collections.abc import Iterator, Mapping

from admin.people import ROLE_WORDS

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
_ROLES: Mapping[str, str] = {word: role for role, word in ROLE_WORDS.items()}


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-8, or what Russian Excel saves."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def people_of(text: str, default_role: str) -> list[dict[str, str]]:
    """Return a row per line with anything on it; the first line may name the columns."""
    rows = list(_cells(text.replace("\x00", "")))
    columns: tuple[str, ...] = COLUMNS
    if rows and all(cell.lower() in HEADINGS for cell in rows[0] if cell):
        columns = tuple(HEADINGS.get(cell.lower(), "") for cell in rows.pop(0))
    return [_person(dict(zip(columns, row, strict=False)), default_role) for row in rows]


def _cells(text: str) -> Iterator[list[str]]:
    lines = [line for line in text.splitlines() if line.strip(" ;,\t")]
    delimiter = max(";\t,", key=lines[0].count) if lines else ";"
    for row in csv.reader(lines, delimiter=delimiter):
        yield [cell.strip() for cell in row]


def _person(row: dict[str, str], default_role: str) -> dict[str, str]:
    role = row.get("role", "").lower() or default_role
    known = {name: value for name, value in row.items() if name and value}
    return {**known, "role": _ROLES.get(role, role)}
