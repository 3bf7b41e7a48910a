"""Who is told of low ratings and of results: whoever is in charge when it is sent, and nobody else (H3)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    monday,
    one,
    settle,
    user_id,
)
from tests.sql.surveys import act, delivered, delivery, send, signed_in, start, told, vote

# Who is removed is so at the real time.
NEXT_MONTH = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def survey(db: Connection) -> UUID:
    found = start(db)
    send(db, monday("10:00"))
    return found


@pytest.fixture
def asked(db: Connection, survey: UUID) -> Row:
    return delivery(db, survey, ROMASHKA)


def test_the_owners_own_managers_are_told_else_all_and_never_an_accountant(db: Connection, asked: Row) -> None:
    db.execute(
        "insert into public.absences (user_id, during, substitute_id)"
        " select %s, tstzrange('2026-04-01', '2026-05-01'), %s",
        [user_id(PETR), user_id(IVAN)],
    )
    vote(db, asked, ANNA, 1, monday("10:05"))
    ((whom, _, _),) = told(db, monday("10:05"))
    assert whom == PETR
    db.execute(
        "update public.users set unreachable_since = now(), unreachable_because = 'blocked' where role = 'manager'"
    )
    vote(db, asked, BORIS, 1, monday("10:06"))
    assert {row[0] for row in told(db, monday("10:06"))} == {ADMIN}


def test_an_alert_that_does_not_reach_the_manager_goes_to_the_next_in_line(db: Connection, asked: Row) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    (message,) = [row for row in one(db, "select api.claim_outbox(%s)", monday("10:05")) if row["kind"] == "low_rating"]
    settle(db, monday("10:05"), message, "blocked", error="Forbidden: bot was blocked by the user")
    assert [row[0] for row in told(db, monday("10:06"))] == [ADMIN]


@pytest.mark.parametrize("change", ["role = 'accountant'", "active = false", "telegram_id = null"])
def test_who_is_in_charge_no_longer_is_told_nothing_that_waited_and_who_is_now_is(
    db: Connection, survey: UUID, asked: Row, change: str
) -> None:
    db.execute("update public.settings set head_id = %s", [user_id(PETR)])
    db.execute("update public.users set quiet_from = '00:00', quiet_until = '23:59' where id = %s", [user_id(PETR)])
    vote(db, asked, ANNA, 1, monday("10:05"))
    act(db, "close_survey", survey, monday("11:00"))
    assert delivered(db, monday("11:01")) == []
    db.execute(f"update public.users set {change} where id = %s", [user_id(PETR)])
    heard = [(row["recipient_chat_id"], row["kind"]) for row in delivered(db, monday("12:00"))]
    assert sorted(heard) == [(ADMIN, "low_rating"), (ADMIN, "survey_digest")]


def test_no_name_is_sent_to_who_lost_the_right_while_the_vote_was_cast(db: Connection, asked: Row) -> None:
    """Whoever casts it in the same moment still sees a manager."""
    db.execute("update public.users set role = 'accountant' where telegram_id = %s", [PETR])
    vote(db, asked, ANNA, 1, monday("10:05"))
    db.execute("update public.outbox set recipient_chat_id = %s where kind = 'low_rating'", [PETR])
    assert told(db, monday("10:05")) == [(ADMIN, 1, None)]
    assert told(db, monday("13:00")) == []


def test_what_waits_for_somebody_who_is_removed_goes_to_others(db: Connection, survey: UUID) -> None:
    db.execute("update public.chats set assigned_accountant_id = null")
    db.execute("update public.users set quiet_from = '00:00', quiet_until = '23:59' where id = %s", [user_id(PETR)])
    vote(db, delivery(db, survey, ROMASHKA), ANNA, 1, monday("10:05"))
    assert told(db, monday("10:06")) == []
    with signed_in(db, "service_role"):
        db.execute("select api.remove_person(email) from public.users where telegram_id = %s", [PETR])
    assert one(db, "select count(*) from public.users where telegram_id = %s", PETR) == 0
    assert [(whom, stars) for whom, stars, _ in told(db, NEXT_MONTH)] == [(ADMIN, 1)]


def test_what_another_manager_was_told_nobody_else_is_told_in_place_of_the_first(db: Connection, asked: Row) -> None:
    db.execute("update public.users set role = 'manager' where id = %s", [user_id(IVAN)])
    db.execute(
        "insert into public.manager_accountants (manager_id, accountant_id) select id, %s from public.users"
        " where role = 'manager' on conflict do nothing",
        [user_id(OLGA)],
    )
    db.execute("update public.users set quiet_from = '00:00', quiet_until = '23:59' where id = %s", [user_id(PETR)])
    vote(db, asked, ANNA, 1, monday("10:05"))
    assert [row[0] for row in told(db, monday("10:05"))] == [IVAN]
    db.execute("update public.users set role = 'observer' where id = %s", [user_id(PETR)])
    assert told(db, monday("12:00")) == []
