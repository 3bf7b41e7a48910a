"""Lists that go on: rows that nothing but their keys tells apart are each on one page, wherever a page ends."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sql.asking import asked
from tests.sql.firm import ADMIN, ROMASHKA, Connection, Row, acting_as, all_rows
from tests.sql.surveys import start

# Whatever the case: lists are ordered without it.
NAMES = "(array['Двойник', 'ДВОЙНИК'])[1 + mod(n, 2)]"
PEOPLE = f"""
  insert into public.users (id, email, role, full_name)
  select gen_random_uuid(), 'twin' || n || '@firm.test', 'accountant', {NAMES}
  from generate_series(1, 7) as n
"""
CLIENTS = f"insert into public.clients (name) select {NAMES} from generate_series(1, 7) as n"
CHATS = f"""
  insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, connected_at)
  select -1009900000000 - n, 'supergroup', {NAMES}, c.assigned_accountant_id, now()
  from generate_series(1, 7) as n, public.chats as c
  where c.chat_id = {ROMASHKA}
"""
FAULTS = """
  insert into public.error_groups (fingerprint, component, event, first_at, last_at)
  select lpad(n::text, 16, '0'), 'bot', 'twin', now(), now()
  from generate_series(1, 7) as n
"""


def after_name(name: str, **flags: Callable[[Row], Any]) -> Callable[[Row], Row]:
    return lambda row: (
        {name: row.get("full_name") or row.get(name), "id": row["id"]}
        | {flag: told(row) for flag, told in flags.items()}
    )


def walked(read: Callable[[Row | None], list[Row]], key: str = "id") -> list[str]:
    """The keys of all rows, two by two."""
    found: list[Row] = []
    while rows := read(found[-1] if found else None):
        found += rows
        assert len(found) < 100
    return [str(row[key]) for row in found]


@pytest.mark.parametrize(
    ("made", "function", "place"),
    [
        (PEOPLE, "list_team", after_name("name", inactive=lambda row: not row["active"])),
        (CLIENTS, "list_clients", after_name("name", erased=lambda row: row["erased_at"] is not None)),
        (CHATS, "list_chats", after_name("chat_name", rank=lambda row: row["rank"])),
    ],
)
def test_people_clients_and_chats_of_one_name(
    db: Connection, made: str, function: str, place: Callable[[Row], Row]
) -> None:
    db.execute(made.encode())

    def read(last: Row | None) -> list[Row]:
        call = f"{function}(words => 'двойник', after => %s, most => 2)"
        rows: list[Row] = asked(db, ADMIN, call, json.dumps(place(last)) if last else None)["rows"]
        return rows

    found = walked(read)
    assert (len(found), len(set(found))) == (7, 7)


def test_faults_of_one_instant(db: Connection) -> None:
    db.execute(FAULTS)

    def read(last: Row | None) -> list[Row]:
        edge = [last["last_at"], last["fingerprint"]] if last else [None, None]
        rows: list[Row] = asked(db, ADMIN, "errors_page(after_at => %s, after_fingerprint => %s, batch => 2)", *edge)[
            "groups"
        ]
        return rows

    found = walked(read, "fingerprint")
    assert (len(found), len(set(found))) == (7, 7)


def test_deliveries_to_chats_of_one_name(db: Connection) -> None:
    db.execute(CHATS.encode())
    survey = start(db)

    def read(last: Row | None) -> list[Row]:
        edge = [last["chat_name"], last["id"]] if last else [None, None]
        with acting_as(db, "admin"):
            query = "select * from api.find_deliveries(%s, after_name => %s, after_id => %s, batch => 2)"
            return all_rows(db, query, survey, *edge)

    found = walked(read)
    assert (len(found) >= 7, len(set(found))) == (True, len(found))
