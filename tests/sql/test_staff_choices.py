"""What people choose for themselves in the bot, and that it is honoured."""

from datetime import date, timedelta

import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    all_rows,
    ingest,
    membership,
    monday,
    moscow,
    one,
    outbox,
    said,
    sweep,
    told,
    user_id,
)
from tests.sql.test_staff_queue import ask, refused

AT = monday("11:30")
ON, OFF = (True,), (False,)
TODAY = date(2026, 4, 6)


def days(first: int, last: int) -> tuple[date, date]:
    return TODAY + timedelta(days=first), TODAY + timedelta(days=last)


def plan(db: Connection, who: int, first: int, last: int, substitute: int | None = None) -> object:
    return ask(db, "plan_absence", who, *days(first, last), substitute and user_id(substitute), "vacation", AT)


def refuse(db: Connection, key: str, who: int, first: int, last: int, substitute: int | None = None) -> None:
    refused(db, key, "plan_absence", who, *days(first, last), substitute and user_id(substitute), "vacation", AT)


def test_an_absence_is_whole_days_of_the_firms_calendar(db: Connection) -> None:
    plan(db, OLGA, 1, 3, IVAN)
    (row,) = all_rows(db, "select lower(during) as since, upper(during) as until, substitute_id from public.absences")
    assert (row["since"], row["until"]) == (moscow("2026-04-07 00:00"), moscow("2026-04-10 00:00"))
    shown = ask(db, "staff_absences", OLGA, AT)["absences"]
    assert [(one["first_on"], one["last_on"], one["substitute"]) for one in shown] == [
        ("2026-04-07", "2026-04-09", "Иван Кузнецов")
    ]
    assert ask(db, "staff_absences", IVAN, moscow("2026-04-08 12:00"))["stands_in_for"] == ["Ольга Петрова"]


def test_e23_a_circle_and_days_that_cannot_be_are_refused(db: Connection) -> None:
    plan(db, OLGA, 1, 3, IVAN)
    refuse(db, "substitutes_form_a_circle", IVAN, 2, 4, OLGA)
    refuse(db, "absence_overlaps_another", OLGA, 3, 5)
    refuse(db, "absence_ends_before_it_begins", OLGA, 9, 8)
    refuse(db, "absence_is_over", OLGA, -3, -1)
    refuse(db, "absence_is_too_long", OLGA, 10, 380)
    refuse(db, "substitute_is_unknown", OLGA, 10, 11, MARIA)
    refuse(db, "substitute_is_unknown", OLGA, 10, 11, OLGA)
    refuse(db, "not_allowed", MARIA, 10, 11)


def test_an_absence_is_ended_by_its_own_person_only(db: Connection) -> None:
    plan(db, OLGA, -1 + 1, 3, IVAN)
    planned = one(db, "select id from public.absences")
    refused(db, "unknown_absence", "cancel_absence", planned, IVAN, AT)
    assert ask(db, "cancel_absence", planned, OLGA, AT)["absences"] == []
    # It has begun: what was on duty until now stays in the figures.
    assert one(db, "select upper(during) from public.absences") == AT
    refused(db, "unknown_absence", "cancel_absence", planned, OLGA, AT)
    plan(db, PETR, 5, 6)
    later = one(db, "select id from public.absences where user_id = %s", user_id(PETR))
    ask(db, "cancel_absence", later, PETR, AT)
    assert one(db, "select count(*) from public.absences where user_id = %s", user_id(PETR)) == 0


def test_the_audit_says_who_pressed(db: Connection) -> None:
    plan(db, OLGA, 1, 3)
    entry = all_rows(db, "select actor_id, action from public.audit_log where entity = 'absences' order by id desc")[0]
    assert entry == {"actor_id": user_id(OLGA), "action": "insert"}


def test_colleagues_are_all_who_may_answer(db: Connection) -> None:
    people = ask(db, "staff_colleagues", OLGA)["people"]
    assert [person["full_name"] for person in people] == ["Иван Кузнецов", "Ирина Соколова", "Пётр Волков"]


def test_kinds_are_chosen_one_by_one_and_the_late_ones_are_locked(db: Connection) -> None:
    def wanted(kind: str) -> bool:
        kinds = {one["kind"]: one for one in ask(db, "staff_notifications", OLGA)["kinds"]}
        found: bool = kinds[kind]["wanted"]
        return found

    for _ in range(2):
        silence(db, OLGA, "warning")
        assert not wanted("warning")
    ask(db, "choose_notification", OLGA, "warning", *ON)
    assert wanted("warning")
    for kind in ("breach", "escalation", "unheard_of"):
        refused(db, "notification_is_locked", "choose_notification", OLGA, kind, *OFF)
    assert wanted("breach")


def test_quiet_hours_and_the_budget_are_chosen(db: Connection) -> None:
    chosen = ask(db, "choose_quiet_hours", OLGA, "22:00", "08:00")
    assert (chosen["quiet_from"], chosen["quiet_until"]) == ("22:00", "08:00")
    refused(db, "quiet_hours_are_empty", "choose_quiet_hours", OLGA, "08:00", "08:00")
    assert ask(db, "choose_quiet_hours", OLGA, None, None)["quiet_from"] is None
    assert ask(db, "choose_alerts_per_hour", OLGA, 5)["alerts_per_hour"] == 5
    refused(db, "alerts_per_hour_is_odd", "choose_alerts_per_hour", OLGA, 0)


def silence(db: Connection, who: int, kind: str) -> None:
    ask(db, "choose_notification", who, kind, *OFF)


def test_who_does_not_want_warnings_gets_the_breach_all_the_same(late: Connection) -> None:
    silence(late, OLGA, "warning")
    sweep(late, monday("10:48"))
    assert told(late) == []
    sweep(late, monday("11:00:01"))
    assert {(kind, who) for kind, _, who in told(late)} >= {("breach", OLGA)}


@pytest.mark.parametrize("is_silenced", [False, True])
def test_who_does_not_want_the_morning_digest_gets_none(db: Connection, is_silenced: bool) -> None:  # noqa: FBT001
    ingest(db, said(ANNA, moscow("2026-04-05 20:00")))
    if is_silenced:
        silence(db, OLGA, "digest")
    sweep(db, monday("09:00:01"))
    assert [row["recipient_chat_id"] for row in outbox(db)] == ([] if is_silenced else [OLGA])


@pytest.mark.parametrize("is_silenced", [False, True])
def test_who_does_not_want_to_hear_of_a_removed_bot_does_not(db: Connection, is_silenced: bool) -> None:  # noqa: FBT001
    if is_silenced:
        silence(db, OLGA, "chat_notice")
    ingest(db, membership("kicked", monday("10:00"), ROMASHKA))
    assert [row["recipient_chat_id"] for row in outbox(db)] == ([] if is_silenced else [OLGA])
