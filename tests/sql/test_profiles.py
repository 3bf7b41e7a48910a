"""One's own profile: five columns of one row, whoever asks."""

from datetime import time
from typing import Any

import psycopg
import pytest

from tests.sql.firm import OLGA, PETR, STAFF, Connection, acting_as, all_rows, one, user_id

KEPT = {"full_name": "Ольга П.", "locale": "en", "quiet_from": "22:00", "quiet_until": "08:00", "alerts_per_hour": 5}


def update(db: Connection, **changes: Any) -> None:
    values = {**KEPT, **changes}
    db.execute(
        "select api.update_profile(%(full_name)s, %(locale)s, %(quiet_from)s::time, %(quiet_until)s::time,"
        " %(alerts_per_hour)s)",
        values,
    )


@pytest.mark.parametrize("role", STAFF)
def test_everybody_changes_the_own_row_and_no_other(db: Connection, role: str) -> None:
    before = all_rows(db, "select * from public.users where id <> %s order by id", user_id(STAFF[role]))
    with acting_as(db, role):
        update(db, full_name="  Новое Имя ")
        [mine] = all_rows(db, "select * from api.my_profile")
        db.execute("reset role")
        others = all_rows(db, "select * from public.users where id <> %s order by id", user_id(STAFF[role]))
    assert (mine["id"], mine["full_name"], mine["locale"]) == (user_id(STAFF[role]), "Новое Имя", "en")
    assert (mine["quiet_from"], mine["quiet_until"], mine["alerts_per_hour"]) == (time(22), time(8), 5)
    assert others == before


def test_quiet_hours_may_be_given_up(db: Connection) -> None:
    with acting_as(db, "accountant"):
        update(db, quiet_from=None, quiet_until=None)
        assert one(db, "select quiet_from from api.my_profile") is None


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        ({"full_name": "   "}, "full_name_is_written"),
        ({"full_name": None}, "full_name_is_written"),
        ({"full_name": "я" * 201}, "full_name_is_written"),
        ({"full_name": "Анна\nСрочно: вход по ссылке"}, "full_name_is_written"),
        ({"full_name": "\u202eанна"}, "full_name_is_written"),
        ({"full_name": "\u200b"}, "full_name_is_written"),
        ({"locale": "de"}, "locale_is_known"),
        ({"quiet_until": None}, "quiet_hours_have_both_ends"),
        ({"quiet_until": "22:00"}, "quiet_hours_have_both_ends"),
        ({"alerts_per_hour": 0}, "noise_budget_is_sensible"),
        ({"alerts_per_hour": 1001}, "noise_budget_is_sensible"),
    ],
)
def test_a_refusal_names_the_promise_that_would_break(db: Connection, wrong: dict[str, Any], promise: str) -> None:
    with acting_as(db, "accountant"), pytest.raises(psycopg.ProgrammingError, match=promise) as refused:
        update(db, **wrong)
    assert refused.value.sqlstate == "PT422"


def test_role_and_access_cannot_be_changed_on_the_way(db: Connection) -> None:
    with acting_as(db, "accountant"):
        update(db)
        [row] = all_rows(db, "select role, active, telegram_id, email from api.users where id = %s", user_id(OLGA))
    assert row == {"role": "accountant", "active": True, "telegram_id": OLGA, "email": "accountant@buhbot.test"}


def test_whoever_is_dismissed_changes_nothing(db: Connection) -> None:
    db.execute("update public.users set active = false where id = %s", [user_id(PETR)])
    with acting_as(db, "manager"), pytest.raises(psycopg.ProgrammingError, match="person_is_unknown"):
        update(db)


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_only_people_have_a_profile(db: Connection, role: str) -> None:
    with acting_as(db, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
        update(db)


def test_a_change_of_profile_is_audited(db: Connection) -> None:
    with acting_as(db, "accountant"):
        update(db)
        db.execute("reset role")
        actor = one(db, "select actor_id from public.audit_log where entity = 'users' order by id desc limit 1")
    assert actor == user_id(OLGA)
