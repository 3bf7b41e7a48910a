"""Puts an archive into a database: all of it in one transaction, or none."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from infra.backup.brought import Brought
from infra.backup.database import SIGN_IN, Database

_ENTRY = re.compile(r"\d+; \d+ \d+ (?P<kind>[A-Z ]+?) (?P<schema>[^ A-Z]\S*) (?P<name>.*)")
_EMPTY = Path(__file__).with_name("empty.sql")
# A dump of schemas leaves out what is true of all of them.
_FINISH = """
  grant usage on schema public to public;
  alter default privileges for role postgres revoke execute on functions from public;
  notify pgrst, 'reload schema';
"""
_NO_AUTH = "set client_min_messages = warning; drop schema auth cascade;"
_AUTH_IS_OPEN = """
  grant usage on schema auth to postgres, anon, authenticated, service_role;
  grant all on all tables in schema auth to postgres;
"""


class Entry(NamedTuple):
    """A line of the dump's table of contents."""

    line: str
    kind: str
    schema: str
    name: str

    @classmethod
    def of(cls, line: str) -> Self | None:
        """Return None for what is no entry."""
        found = _ENTRY.match(line)
        return cls(line, found["kind"], found["schema"], found["name"]) if found else None


def pour(archive: Brought, database: Database) -> list[str]:
    """Put the archive in the place of what the database holds; return in what the result is not equal to it."""
    entries = _contents(archive)
    # As their foreign keys want it, and before the triggers come that would look at each newcomer.
    people = [entry for table in SIGN_IN for entry in entries if _is_rows_of(entry, table)]
    script = archive.script(_lines([*people, *filter(_is_ours, entries)]))
    database.run(_between(_EMPTY.read_text(encoding="utf-8"), script, _FINISH))
    database.ask("analyze")
    with database.snapshot() as snapshot:
        found = snapshot.facts()
    differences = list(archive.facts.differences(found))
    if archive.facts.anchor and not archive.facts.audit_fault and database.breaks(archive.facts.anchor):
        differences.append("the audit chain does not reach the archive's anchor")
    return differences


def lay_auth(archive: Brought, database: Database) -> None:
    """Give a trial's database Auth's own tables as they were at the source, empty. As a superuser."""
    chosen = [entry for entry in _contents(archive) if _is_auths(entry)]
    script = archive.script(_lines(chosen), "--no-owner", "--no-privileges")
    database.run(_between(_NO_AUTH, script, _AUTH_IS_OPEN))


def _contents(archive: Brought) -> list[Entry]:
    return [entry for line in archive.contents if (entry := Entry.of(line))]


def _lines(entries: Iterable[Entry]) -> list[str]:
    return [entry.line for entry in entries]


def _is_rows_of(entry: Entry, table: str) -> bool:
    return (entry.kind, entry.schema) == ("TABLE DATA", "auth") and entry.name.split()[0] == table


def _is_ours(entry: Entry) -> bool:
    """Whether it is in a schema of ours, or a trigger that we put on Auth's tables, or an extension."""
    if entry.schema == "auth":
        return entry.kind == "TRIGGER"
    # Entries without a schema say in their name of what they are: the schema itself, its comment, its grants.
    return not re.match(r"(SCHEMA )?auth |EXTENSION ", entry.name)


def _is_auths(entry: Entry) -> bool:
    if entry.schema == "auth":
        return entry.kind not in {"TABLE DATA", "SEQUENCE SET", "TRIGGER", "ACL", "DEFAULT ACL"}
    return entry.kind == "SCHEMA" and entry.name.startswith("auth ")


def _between(first: str, script: Iterable[bytes], last: str) -> Iterator[bytes]:
    yield first.encode()
    yield from script
    yield last.encode()
