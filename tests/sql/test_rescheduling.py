"""What an edit of calendar, schedule or policy does to open windows, and never to closed ones (S8, D15, P14)."""

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    NIGHT,
    OLGA,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    alerts,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    said,
    sweep,
    user_id,
    window,
    windows,
)


def holiday(db: Connection, on: str) -> None:
    db.execute("insert into public.calendar_exceptions (on_date, name) values (%s, 'Праздник')", [on])


def policy(db: Connection, chat: int = ROMASHKA) -> Row:
    (row,) = all_rows(
        db,
        "select p.* from public.sla_policies as p join private.chat_terms as t on t.policy_id = p.id"
        " where t.chat_id = %s",
        chat,
    )
    return row


def test_d15_a_new_holiday_moves_the_open_window_with_old_new_and_cause_in_the_audit(db: Connection, seen: int) -> None:
    ingest(db, said(ANNA, moscow("2026-04-03 17:30")), said(OLGA, moscow("2026-04-03 17:40"), "Готово"))
    ingest(db, said(ANNA, moscow("2026-04-03 17:50")))
    closed_before, _ = windows(db)
    holiday(db, "2026-04-06")
    closed, waiting = windows(db)
    assert closed == closed_before
    assert (waiting["warn_at"], waiting["due_at"]) == (moscow("2026-04-07 09:38"), moscow("2026-04-07 09:50"))
    moved = "select before, after from public.audit_log where entity = 'client_requests' and id > %s"
    (entry,) = all_rows(db, moved, seen)
    assert (entry["before"]["due_at"][:16], entry["after"]["due_at"][:16]) == ("2026-04-06T06:50", "2026-04-07T06:50")
    assert entry["after"]["cause"] == "calendar"
    assert [sweep(db, moscow("2026-04-06 10:00")), sweep(db, moscow("2026-04-07 09:38"))] == [0, 1]


def test_a_holiday_taken_back_restores_the_deadline_exactly(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-03 17:50")))
    before = window(db)
    holiday(db, "2026-04-06")
    db.execute("delete from public.calendar_exceptions")
    after = window(db)
    assert {key for key in after if after[key] != before[key]} <= {"updated_at"}


def test_a_breach_told_before_the_new_deadline_was_none_and_comes_again_in_time(db: Connection) -> None:
    ingest(db, said(ANNA, monday("16:50")))
    sweep(db, monday("17:50:01"))
    holiday(db, "2026-04-06")
    assert alerts(db) == [("breach", 0, "voided")]
    assert window(db)["due_at"] == moscow("2026-04-07 10:00")
    sweep(db, moscow("2026-04-07 10:00:01"))
    assert alerts(db) == [("breach", 0, None)]


def test_a_window_without_deadline_gets_one_with_the_first_working_hours(db: Connection) -> None:
    empty = one(db, "insert into public.working_schedules (name) values ('Пустой') returning id")
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [empty, LEBEDEVA])
    ingest(db, said(ANNA, monday("10:00"), chat=LEBEDEVA))
    assert window(db, LEBEDEVA)["due_at"] is None
    db.execute(
        "insert into public.working_intervals (schedule_id, weekday, opens, closes) values (%s, 1, '10:00', '18:00')",
        [empty],
    )
    assert window(db, LEBEDEVA)["due_at"] == monday("12:00")
    assert sweep(db, monday("11:36")) == 1


def test_another_schedule_for_the_chat_moves_its_open_windows(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:30")), said(VERA, monday("17:30"), chat=NIGHT))
    late = one(db, "insert into public.working_schedules (name) values ('Поздний') returning id")
    db.execute(
        "insert into public.working_intervals (schedule_id, weekday, opens, closes)"
        " select %s, d, '12:00', '21:00' from generate_series(1, 5) as d",
        [late],
    )
    db.execute("update public.chats set schedule_id = %s", [late])
    assert window(db)["due_at"] == monday("18:30")
    # Measured around the clock by its policy, whatever the chat's schedule.
    assert window(db, NIGHT)["due_at"] == monday("18:30")
    db.execute("update public.chats set schedule_id = null")
    assert window(db)["due_at"] == moscow("2026-04-07 09:30")


def test_a_policy_edit_is_a_new_version_that_reaches_no_window_by_itself(late: Connection) -> None:
    before = policy(late)
    late.execute("update public.sla_policies set target_minutes = 30 where id = %s", [before["id"]])
    assert policy(late)["version"] == before["version"] + 1
    assert (window(late)["target_minutes"], window(late)["due_at"]) == (60, monday("11:00"))
    kept = all_rows(
        late,
        "select version, target_minutes from public.sla_policy_versions where policy_id = %s order by 1",
        before["id"],
    )
    assert [row["target_minutes"] for row in kept] == [60, 30]
    ingest(late, said(ANNA, monday("10:00"), topic_id=4))
    assert sorted(w["target_minutes"] for w in windows(late)) == [30, 60]


def test_applying_a_policy_says_first_what_it_will_move(late: Connection) -> None:
    ingest(late, said(ANNA, monday("10:25"), topic_id=4))
    late.execute("update public.chats set sla_threshold_minutes = null")
    late.execute("update public.sla_policies set target_minutes = 30 where tier = 'standard'")
    apply = "select api.apply_policy(%s, %s, %s)"
    preview, applied = ([policy(late)["id"], dry_run, monday("10:40")] for dry_run in (True, False))
    moves = one(late, apply, *preview)
    assert moves == {"windows": 2, "sooner": 2, "later": 0, "newly_overdue": 1, "no_longer_overdue": 0}
    assert [w["due_at"] for w in windows(late)] == [monday("11:00"), monday("11:25")]
    assert one(late, apply, *applied) == moves
    assert [w["due_at"] for w in windows(late)] == [monday("10:30"), monday("10:55")]
    assert one(late, apply, *applied)["windows"] == 0
    assert sweep(late, monday("10:40")) == 1


def test_a_policy_nobody_knows_is_refused(db: Connection) -> None:
    for call in ("api.apply_policy(gen_random_uuid())", "api.change_ladder(gen_random_uuid(), '[]')"):
        with pytest.raises(psycopg.Error, match="unknown_policy"), db.transaction():
            db.execute(f"select {call}".encode())


@pytest.mark.parametrize(("tier", "minutes"), [("premium", 15), ("vip", 30), ("standard", 60), ("basic", 120)])
def test_s8_a_clients_tier_sets_the_target_unless_the_chat_says_otherwise(
    db: Connection, tier: str, minutes: int
) -> None:
    db.execute("update public.clients set tier = %s", [tier])
    ingest(db, said(ANNA, monday("10:00")))
    assert window(db)["target_minutes"] == minutes
    db.execute("update public.chats set sla_threshold_minutes = 45 where chat_id = %s", [ROMASHKA])
    ingest(db, said(ANNA, monday("10:00"), topic_id=2))
    assert sorted(w["target_minutes"] for w in windows(db)) == sorted([minutes, 45])


def test_the_default_policy_is_for_clients_without_a_tier(db: Connection) -> None:
    db.execute("update public.chats set client_id = null where chat_id = %s", [ROMASHKA])
    db.execute("update public.sla_policies set target_minutes = 77 where tier is null and not around_the_clock")
    ingest(db, said(ANNA, monday("10:00")))
    assert window(db)["target_minutes"] == 77


@pytest.mark.parametrize("minutes", [0, 10081, None])
@pytest.mark.parametrize("statement", ["sla_policies set target_minutes", "chats set sla_threshold_minutes"])
def test_d13_targets_are_a_minute_to_a_week(db: Connection, statement: str, minutes: int | None) -> None:
    update = f"update public.{statement} = %s".encode()
    for taken in (1, 10080):
        db.execute(update, [taken])
    if minutes is not None:
        with pytest.raises(psycopg.errors.CheckViolation, match="target_is_between_a_minute_and_a_week"):
            db.execute(update, [minutes])


def ladder(*steps: Row) -> Jsonb:
    return Jsonb(list(steps))


def test_another_ladder_is_a_new_version_that_new_windows_follow(late: Connection) -> None:
    steps = ladder(
        {"kind": "breach", "recipients": ["owner"]},
        {"kind": "escalation", "level": 1, "after_minutes": 10, "recipients": ["head"]},
    )
    number = policy(late)["id"]
    assert one(late, "select api.change_ladder(%s, %s)", number, steps) == 2
    ingest(late, said(ANNA, monday("10:00"), topic_id=2))
    for at in ("10:48", "11:00:01", "11:10", "11:30"):
        sweep(late, monday(at))
    raised = all_rows(
        late,
        "select w.topic_id, array_agg(a.kind || a.level order by a.created_at) as steps from public.sla_alerts as a"
        " join public.client_requests as w on w.id = a.request_id group by 1 order by 1",
    )
    assert [row["steps"] for row in raised] == [["warning0", "breach0", "escalation1"], ["breach0", "escalation1"]]


@pytest.mark.parametrize(
    ("steps", "key"),
    [
        ([], "breach_told_to_nobody"),
        ([{"kind": "breach", "recipients": []}], "breach_told_to_nobody"),
        ([{"kind": "breach", "recipients": ["everybody"]}], "ladder_is_malformed"),
        ([{"kind": "panic", "recipients": ["owner"]}], "ladder_is_malformed"),
        ([{"kind": "breach", "recipients": ["owner"], "after_minutes": 5}], "ladder_is_malformed"),
        (
            [{"kind": "breach", "recipients": ["owner"]}, {"kind": "escalation", "level": 1, "recipients": ["owner"]}],
            "ladder_is_malformed",
        ),
        (
            [
                {"kind": "breach", "recipients": ["owner"]},
                {"kind": "escalation", "level": 1, "after_minutes": 30, "recipients": ["owner"]},
                {"kind": "escalation", "level": 2, "after_minutes": 30, "recipients": ["owner"]},
            ],
            "steps_out_of_order",
        ),
        (
            [{"kind": "breach", "recipients": ["owner"]}, {"kind": "breach", "recipients": ["head"]}],
            "ladder_is_malformed",
        ),
        ([{"kind": "breach", "recipients": [str(user_id(9))]}], "step_is_for_a_stranger"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused_whole(db: Connection, steps: list[Row], key: str) -> None:
    before = policy(db)
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        db.execute("select api.change_ladder(%s, %s)", [before["id"], ladder(*steps)])
    assert policy(db)["version"] == before["version"]


def test_an_absence_gives_the_substitute_the_chats_to_read(db: Connection) -> None:
    db.execute(
        "insert into public.absences (user_id, substitute_id, during)"
        " values (%s, %s, tstzrange(now() - interval '1 h', null))",
        [user_id(OLGA), user_id(1004)],
    )
    db.execute("select set_config('request.jwt.claims', %s, true)", [f'{{"sub": "{user_id(1004)}"}}'])
    assert set(one(db, "select private.own_chat_ids()")) == {ROMASHKA, NIGHT, LEBEDEVA}
