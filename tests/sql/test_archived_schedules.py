"""A schedule that is put away: nobody is offered it, nobody can take it, and none goes that is still to be used."""

import json
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import ADMIN, PETR, ROMASHKA, Connection, one, user_id
from tests.sql.people import speaking


def put_away(db: Connection, name: str = "Старый") -> UUID:
    """A schedule that nobody is to be offered any more."""
    with speaking(db, user_id(PETR)):
        made: UUID = one(db, "select api.add_schedule(%s)", name)
        db.execute("select api.archive_schedule(%s, true)", [made])
    return made


def test_a_schedule_that_is_put_away_is_neither_offered_nor_taken(db: Connection) -> None:
    old = put_away(db)
    key = one(db, "select id from public.chats where chat_id = %s", ROMASHKA)
    rows = json.dumps([{"chat": "ООО Ромашка", "schedule": "Старый"}])
    with speaking(db, user_id(ADMIN)):
        offered = one(db, "select api.chat_offers() -> 'schedules'") + one(
            db, "select api.settings_page() -> 'schedules'"
        )
        task = one(db, "select api.draft_chat_import(%s)", rows)
        errors = one(db, "select result -> 'errors' from api.tasks where id = %s", task)
    assert str(old) not in {choice["id"] for choice in offered}
    assert [error["reason"] for error in errors] == ["schedule_is_unknown"]
    for call, value in (
        ("change_chat(%s, jsonb_build_object('schedule_id', %s::uuid))", key),
        ("invite_chat(%s, schedule_id => %s)", None),
    ):
        with pytest.raises(psycopg.Error, match="unknown_schedule"), db.transaction(), speaking(db, user_id(PETR)):
            db.execute(f"select api.{call}".encode(), [value, old])


def test_a_chat_that_is_left_with_a_schedule_that_is_put_away_can_be_changed_otherwise(db: Connection) -> None:
    old = put_away(db)
    key = one(db, "update public.chats set schedule_id = %s where chat_id = %s returning id", old, ROMASHKA)
    with speaking(db, user_id(PETR)):
        db.execute('select api.change_chat(%s, \'{"locale": "en"}\')', [key])
    assert one(db, "select locale from public.chats where chat_id = %s", ROMASHKA) == "en"


def test_a_schedule_that_a_link_gives_is_not_put_away_from_under_it(db: Connection) -> None:
    with speaking(db, user_id(ADMIN)):
        made = one(db, "select api.add_schedule('Обещанный')")
        one(db, "select api.invite_chat(null, schedule_id => %s)", made)
    with pytest.raises(psycopg.Error, match="schedule_is_in_use"), db.transaction(), speaking(db, user_id(PETR)):
        db.execute("select api.archive_schedule(%s, true)", [made])
    db.execute("delete from public.chat_invitations")
    with speaking(db, user_id(PETR)):
        db.execute("select api.archive_schedule(%s, true)", [made])


def test_a_copy_of_a_schedule_that_never_closes_never_closes(db: Connection) -> None:
    with speaking(db, user_id(PETR)):
        made = one(
            db,
            "select api.add_schedule('Копия', (select f.around_the_clock_schedule_id from api.settings as f))",
        )
    assert one(db, "select around_the_clock from public.working_schedules where id = %s", made)
