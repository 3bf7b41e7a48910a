"""Who hears of a window when (S13, S14): the ladder, the people on it, and nothing at night."""

from datetime import timedelta

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    acting_as,
    alerts,
    all_rows,
    claim,
    deliver,
    ingest,
    monday,
    moscow,
    one,
    outbox,
    press,
    reacted,
    said,
    settle,
    sweep,
    told,
    user_id,
    window,
)


def test_b5_e1_at_four_fifths_of_the_target_the_owner_alone_is_warned(late: Connection) -> None:
    assert [sweep(late, monday(at)) for at in ("10:47:59", "10:48", "10:49")] == [0, 1, 0]
    assert told(late) == [("warning", 0, OLGA)]
    (message,) = claim(late, monday("10:48"))
    (facts,) = message["facts"]["windows"]
    assert (facts["waited_minutes"], facts["target_minutes"], facts["outcome"]) == (48, 60, "at_risk")


def test_e2_a_warning_counts_working_minutes_and_does_not_come_at_night(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-03 17:50")))
    assert [sweep(db, moscow(f"2026-04-0{at}")) for at in ("3 19:00", "4 12:00", "6 09:37")] == [0, 0, 0]
    assert sweep(db, monday("09:38")) == 1
    alert = next(message for message in deliver(db, monday("09:38")) if message["kind"] == "sla_alert")
    assert alert["facts"]["windows"][0]["waited_minutes"] == 48


def test_e3_a_passed_deadline_is_one_alert_and_one_message_to_owner_and_manager(late: Connection) -> None:
    assert sweep(late, monday("11:00:01")) == 1
    assert alerts(late) == [("breach", 0, None)]
    assert told(late) == [("breach", 0, PETR), ("breach", 0, OLGA)]
    assert {(message["status"], message["kind"]) for message in outbox(late)} == {("pending", "sla_alert")}


def test_at_the_deadline_itself_nobody_is_late_yet(late: Connection) -> None:
    sweep(late, monday("10:48"))
    assert sweep(late, monday("11:00:00")) == 0


def test_e7_what_is_in_hand_is_not_warned_of_at_the_deadline_itself_either(db: Connection) -> None:
    ingest(db, question := said(ANNA, monday("10:00")), reacted(OLGA, question, monday("10:10")))
    sweep(db, monday("11:00"))
    assert alerts(db) == []
    sweep(db, monday("11:00:01"))
    assert alerts(db) == [("breach", 0, None)]


def test_e4_an_answered_window_alerts_nobody(late: Connection) -> None:
    ingest(late, said(OLGA, monday("10:47"), "Готово"))
    assert sweep(late, monday("11:30")) == 0


def test_e5_a_second_sweep_raises_nothing(late: Connection) -> None:
    assert [sweep(late, monday("11:01")), sweep(late, monday("11:02"))] == [1, 0]
    assert len(outbox(late)) == 2


def test_e6_five_levels_come_every_thirty_minutes_and_no_sixth(late: Connection) -> None:
    sweep(late, monday("11:00:01"))
    for minutes in range(1, 400):
        sweep(late, monday("11:00") + timedelta(minutes=minutes))
    raised = all_rows(late, "select level, created_at from api.sla_alerts where kind = 'escalation' order by level")
    assert [(row["level"], row["created_at"]) for row in raised] == [
        (level, monday("11:00") + timedelta(minutes=30 * level)) for level in range(1, 6)
    ]
    assert [(level, who) for kind, level, who in told(late) if kind == "escalation"] == [
        (1, PETR), (1, OLGA), (2, PETR), (3, ADMIN), (3, PETR), (4, ADMIN), (4, PETR), (5, ADMIN), (5, PETR),
    ]  # fmt: skip


def test_after_the_last_step_alerts_expire_and_say_so(late: Connection) -> None:
    for minutes in range(0, 400, 5):
        sweep(late, monday("11:01") + timedelta(minutes=minutes))
    assert {resolution for _, _, resolution in alerts(late)} == {"expired"}
    assert one(late, "select next_alert from public.client_requests") is None


def test_e7_what_is_in_hand_is_escalated_no_further_until_the_client_writes_again(late: Connection) -> None:
    for at in ("11:00:01", "11:30", "12:00"):
        sweep(late, monday(at))
    deliver(late, monday("12:00"))
    press(late, PETR, at=monday("12:05"))
    assert [sweep(late, monday(at)) for at in ("12:30", "13:00", "15:00")] == [0, 0, 0]
    ingest(late, said(ANNA, monday("15:10"), "Ну что?"))
    assert sweep(late, monday("15:11")) == 1
    assert told(late)[-1][:2] == ("escalation", 3)


def test_e8_levels_wait_for_the_morning_unless_it_is_always(db: Connection) -> None:
    ingest(db, said(ANNA, monday("16:50")), said(VERA, monday("16:50"), chat=NIGHT))
    for at in ("17:50:01", "18:20", "18:21"):
        sweep(db, monday(at))
    level_1 = "select chat_id from api.sla_alerts join public.client_requests as w on w.id = request_id where level = 1"
    assert [row["chat_id"] for row in all_rows(db, level_1)] == [NIGHT]
    sweep(db, moscow("2026-04-07 09:19:59"))
    assert [row["chat_id"] for row in all_rows(db, level_1)] == [NIGHT]
    sweep(db, moscow("2026-04-07 09:20"))
    assert sorted(row["chat_id"] for row in all_rows(db, level_1)) == [NIGHT, ROMASHKA]


def test_e9_who_wrote_in_the_night_is_told_in_one_digest_at_opening(db: Connection) -> None:
    evening = moscow("2026-04-05 20:00")
    ingest(db, *(said(ANNA, evening + timedelta(minutes=n), topic_id=n) for n in range(10)))
    ingest(db, said(VERA, evening, chat=LEBEDEVA))
    assert [sweep(db, at) for at in (monday("08:59:59"), monday("09:00"), monday("09:00:05"))] == [0, 0, 0]
    digests = deliver(db, monday("09:00:05"))
    assert {(m["kind"], m["recipient_chat_id"], m["facts"]["waiting"]) for m in digests} == {
        ("sla_digest", OLGA, 10),
        ("sla_digest", IVAN, 1),
    }
    assert len(digests) == 2


def test_e9_what_fell_due_at_closing_time_joins_the_digest(db: Connection) -> None:
    ingest(
        db, *(said(ANNA, monday("17:00"), topic_id=n) for n in range(10)), said(VERA, monday("16:00"), chat=LEBEDEVA)
    )
    assert sweep(db, monday("18:00:05")) == 0
    morning = moscow("2026-04-07 09:00:03")
    assert sweep(db, morning) == 11
    assert {(m["kind"], m["recipient_chat_id"]) for m in deliver(db, morning)} == {
        ("sla_digest", OLGA), ("sla_digest", IVAN), ("sla_digest", PETR),
    }  # fmt: skip


def test_e10_a_second_window_of_the_chat_edits_the_message_about_it(late: Connection) -> None:
    ingest(late, said(ANNA, monday("10:10"), topic_id=7))
    sweep(late, monday("11:00:01"))
    assert len(deliver(late, monday("11:00:01"))) == 2
    sweep(late, monday("11:10:01"))
    edits = deliver(late, monday("11:10:01"))
    assert {(m["rings"], m["telegram_message_id"] is not None, m["facts"]["waiting"]) for m in edits} == {
        (False, True, 2)
    }
    assert len(outbox(late)) == 2


def test_e6_a_level_rings_in_place_of_the_old_message(late: Connection) -> None:
    sweep(late, monday("11:00:01"))
    deliver(late, monday("11:00:01"))
    sweep(late, monday("11:30"))
    assert {(m["rings"], m["facts"]["windows"][0]["level"]) for m in deliver(late, monday("11:30"))} == {(True, 1)}
    assert len(outbox(late)) == 2


def test_e11_the_owners_manager_hears_of_it_else_all_managers_once_each(late: Connection) -> None:
    late.execute("update public.users set role = 'manager' where telegram_id = %s", [IVAN])
    late.execute("insert into public.manager_accountants values (%s, %s)", [user_id(IVAN), user_id(OLGA)])
    sweep(late, monday("11:01"))
    assert {who for _, _, who in told(late)} == {OLGA, IVAN}
    late.execute("delete from public.manager_accountants")
    sweep(late, monday("11:30"))
    assert sorted(who for kind, _, who in told(late) if kind == "escalation") == [PETR, OLGA, IVAN]


def test_who_cannot_be_reached_is_replaced_by_the_next_in_line(late: Connection) -> None:
    late.execute("update public.users set telegram_id = null where telegram_id in (%s, %s)", [PETR, OLGA])
    sweep(late, monday("11:01"))
    assert {who for _, _, who in told(late)} == {ADMIN}


def test_e12_without_anybody_to_tell_the_alert_exists_all_the_same(late: Connection) -> None:
    late.execute("update public.users set telegram_id = null")
    assert sweep(late, monday("11:01")) == 1
    assert (alerts(late), outbox(late)) == ([("breach", 0, None)], [])


def test_e20_after_an_outage_everything_overdue_is_told_in_one_sweep(db: Connection) -> None:
    ingest(db, *(said(ANNA, monday("09:00") + timedelta(seconds=n), topic_id=n + 1) for n in range(40)))
    ingest(db, said(VERA, monday("14:10"), chat=LEBEDEVA))
    db.execute("update public.client_requests set warn_at = %s, next_alert_at = %s where chat_id = %s", [
        monday("14:50"), monday("14:50"), LEBEDEVA,
    ])  # fmt: skip
    assert sweep(db, monday("15:00")) == 41
    assert sorted(kind for kind, _, _ in alerts(db)) == ["breach"] * 40 + ["warning"]
    assert [m["facts"]["waiting"] for m in deliver(db, monday("15:00"))] == [40, 40, 1]
    assert [sweep(db, monday("15:05")), sweep(db, monday("15:30")), sweep(db, monday("15:31"))] == [0, 40, 0]


@pytest.mark.parametrize(("kind", "level"), [("warning", 0), ("breach", 0), *(("escalation", n) for n in range(1, 6))])
def test_e21_the_schema_takes_every_kind_and_level(late: Connection, kind: str, level: int) -> None:
    late.execute(
        "insert into public.sla_alerts (request_id, kind, level) values (%s, %s, %s)", [window(late)["id"], kind, level]
    )


def test_e22_beyond_the_noise_budget_alerts_roll_up_and_none_is_missing(db: Connection) -> None:
    db.execute("update public.users set alerts_per_hour = 20 where telegram_id = %s", [PETR])
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, monitoring_enabled, connected_at)"
        " select -5000 - n, 'supergroup', 'Чат ' || n, %s, true, now() from generate_series(1, 60) as n",
        [user_id(OLGA)],
    )
    ingest(db, *(said(ANNA, monday("10:00"), chat=-5001 - n) for n in range(60)))
    assert sweep(db, monday("11:01")) == 60
    mine = [message for message in deliver(db, monday("11:01")) if message["recipient_chat_id"] == PETR]
    assert [message["kind"] for message in mine] == ["sla_alert"] * 20 + ["sla_digest"]
    assert sum(message["facts"]["waiting"] for message in mine) == 60


def test_s14_in_quiet_hours_nothing_comes_and_one_digest_follows(db: Connection) -> None:
    db.execute("update public.users set quiet_from = '10:30', quiet_until = '12:00' where telegram_id = %s", [PETR])
    ingest(db, said(ANNA, monday("10:00")), said(VERA, monday("10:00"), chat=NIGHT))
    sweep(db, monday("11:01"))
    assert {message["recipient_chat_id"] for message in deliver(db, monday("11:59"))} == {OLGA}
    (digest,) = deliver(db, monday("12:00"))
    assert (digest["kind"], digest["recipient_chat_id"], digest["facts"]["waiting"]) == ("sla_digest", PETR, 2)


@pytest.mark.parametrize(
    ("since", "until", "at", "ends"),
    [
        ("22:00", "08:00", "2026-04-06 23:00", "2026-04-07 08:00"),
        ("22:00", "08:00", "2026-04-07 07:59", "2026-04-07 08:00"),
        ("22:00", "08:00", "2026-04-07 08:00", None),
        ("12:00", "13:00", "2026-04-06 12:30", "2026-04-06 13:00"),
        ("12:00", "13:00", "2026-04-06 13:00", None),
    ],
)
def test_quiet_hours_may_run_over_midnight(db: Connection, since: str, until: str, at: str, ends: str | None) -> None:
    db.execute("update public.users set quiet_from = %s, quiet_until = %s where telegram_id = %s", [since, until, PETR])
    assert one(db, "select private.quiet_until(%s, %s)", user_id(PETR), moscow(at)) == (moscow(ends) if ends else None)


def test_e23_the_substitute_of_the_substitute_is_warned_and_a_circle_is_refused(late: Connection) -> None:
    away = "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))"
    april = (moscow("2026-04-01 00:00"), moscow("2026-05-01 00:00"))
    late.execute("update public.users set role = 'accountant' where role = 'observer'")
    maria = user_id(1005)
    late.execute(away, [user_id(OLGA), user_id(IVAN), *april])
    late.execute(away, [user_id(IVAN), maria, *april])
    with pytest.raises(psycopg.Error, match="substitutes_form_a_circle"), late.transaction():
        late.execute(away, [maria, user_id(OLGA), moscow("2026-04-30 00:00"), moscow("2026-06-01 00:00")])
    late.execute(away, [maria, user_id(OLGA), moscow("2026-05-01 00:00"), moscow("2026-06-01 00:00")])
    sweep(late, monday("10:48"))
    assert told(late) == [("warning", 0, 1005)]
    sweep(late, monday("11:01"))
    assert window(late)["on_duty_id"] == maria


def test_the_service_needs_no_more_than_its_grants(db: Connection) -> None:
    with acting_as(db, "service_role"):
        ingest(db, said(ANNA, monday("10:00")))
        assert sweep(db, monday("11:01")) == 1
        (message, _) = claim(db, monday("11:01"))
        settle(db, monday("11:01"), message)
        assert press(db, message["recipient_chat_id"])["outcome"] == "taken"
        ingest(db, said(OLGA, monday("11:30"), "Готово"))
        db.execute("select api.extend_horizon(now() + interval '3 months')")
