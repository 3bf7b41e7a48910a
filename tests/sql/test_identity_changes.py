"""Whatever changes who somebody is, or how they are spoken to, is announced to the processes that remember them."""

import re
from typing import Any

import psycopg

from infra.caching import CHANGES, IDENTITY

# What `api.identify_all` reads, by table.
READ = {
    "users": ("role", "active", "full_name", "locale", "telegram_id"),
    "chats": ("locale",),
    "settings": ("default_schedule_id",),
    "working_schedules": ("timezone",),
}
# An operator's command, with nothing of the firm in its environment but the database, and whoever is known by @username
# alone and writes for the first time: noticed by `claim_menus` within seconds.
UNANNOUNCED = {"admit_admin", "ingest", "ingest_and_identify"}
FUNCTIONS = """
  select p.pronamespace::regnamespace || '.' || p.proname, p.prosrc from pg_proc as p
  where p.pronamespace in ('api'::regnamespace, 'private'::regnamespace)
"""


def test_every_function_that_changes_what_is_known_of_people_is_announced(
    db: psycopg.Connection[tuple[Any, ...]],
) -> None:
    """Those that do it by another function, too."""
    bodies: dict[str, str] = dict(db.execute(FUNCTIONS).fetchall())
    writers = {name for name, body in bodies.items() if writes(body)}
    while more := {name for name, body in bodies.items() if name not in writers and mentions(body, writers)}:
        writers |= more
    found = {name.removeprefix("api.") for name in writers if name.startswith("api.")}
    assert len(found) >= 10
    announced = {function for function, topics in CHANGES.items() if IDENTITY in topics}
    assert found - UNANNOUNCED <= announced


def writes(body: str) -> bool:
    return any(
        re.search(rf"\b({'|'.join(READ[table])}) =", changes)
        for table, changes in re.findall(r"update public\.(\w+) as \w+\s+set\s(.*?)(?:\swhere\s|;|\Z)", body, re.DOTALL)
        if table in READ
    )


def mentions(body: str, functions: set[str]) -> bool:
    return any(f"{name}(" in body for name in functions)
