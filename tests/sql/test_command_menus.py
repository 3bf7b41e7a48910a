"""Which commands Telegram should list to whom, and what is still to be told."""

import json
from datetime import datetime, timedelta

import pytest

from tests.sql.firm import ADMIN, IVAN, OLGA, PETR, Connection, Row, monday, one

AT = monday("10:00")


def stale(db: Connection, at: datetime = AT, edition: str = "1") -> list[Row]:
    found: list[Row] = one(db, "select api.claim_menus(%s, %s)", edition, at)
    return found


def take(db: Connection, *menus: Row) -> None:
    """Telegram has taken these."""
    db.execute("select api.settle_menus(%s)", [json.dumps(menus)])


@pytest.fixture
def told(db: Connection) -> Connection:
    """Everybody's list is as it should be."""
    db.execute("delete from public.command_menus")
    take(db, *stale(db))
    assert stale(db) == []
    return db


def test_everybody_who_may_do_something_is_told_once(db: Connection) -> None:
    db.execute("delete from public.command_menus")
    assert [(one["telegram_id"], one["role"]) for one in stale(db)] == [
        (ADMIN, "admin"),
        (PETR, "manager"),
        (OLGA, "accountant"),
        (IVAN, "accountant"),
    ]
    # Under way with this copy of the bot; another one leaves it alone, until it seems lost.
    assert stale(db) == []
    assert len(stale(db, AT + timedelta(seconds=61))) == 4


@pytest.mark.parametrize("change", ["role = 'manager'", "locale = 'en'"])
def test_who_changes_is_told_anew_at_once(told: Connection, change: str) -> None:
    told.execute(f"update public.users set {change} where telegram_id = %s".encode(), [OLGA])
    assert [one["telegram_id"] for one in stale(told)] == [OLGA]


@pytest.mark.parametrize("change", ["active = false", "role = 'observer'", "telegram_id = null"])
def test_b7_who_has_no_right_any_more_loses_the_list_at_once(told: Connection, change: str) -> None:
    told.execute(f"update public.users set {change} where telegram_id = %s".encode(), [OLGA])
    (lost,) = stale(told)
    assert (lost["telegram_id"], lost["role"], lost["told"]) == (OLGA, None, None)
    take(told, lost)
    assert one(told, "select count(*) from public.command_menus where telegram_id = %s", OLGA) == 0
    assert stale(told) == []


def test_a_new_edition_goes_to_everybody_and_changes_nobody(told: Connection) -> None:
    assert [one["is_changed"] for one in stale(told, edition="2")] == [False] * 4


def test_what_telegram_refused_is_tried_again_after_a_minute(told: Connection) -> None:
    told.execute("update public.users set locale = 'en' where telegram_id = %s", [OLGA])
    assert len(stale(told)) == 1
    assert stale(told, AT + timedelta(seconds=59)) == []
    assert len(stale(told, AT + timedelta(seconds=61))) == 1


@pytest.mark.parametrize("change", ["role = 'manager'", "locale = 'en'", "active = false", "role = 'observer'"])
def test_a_change_is_one_once_however_often_telegram_refuses(told: Connection, change: str) -> None:
    told.execute(f"update public.users set {change} where telegram_id = %s".encode(), [OLGA])
    assert [one["is_changed"] for one in stale(told)] == [True]
    assert [one["is_changed"] for one in stale(told, AT + timedelta(seconds=61))] == [False]


def test_an_account_that_was_nobodys_is_a_change(told: Connection) -> None:
    olga = one(told, "update public.users set telegram_id = null where telegram_id = %s returning id", OLGA)
    take(told, *stale(told))
    told.execute("update public.users set telegram_id = %s where id = %s", [OLGA, olga])
    assert [(one["telegram_id"], one["is_changed"]) for one in stale(told)] == [(OLGA, True)]
