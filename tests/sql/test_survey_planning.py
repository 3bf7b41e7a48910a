"""Who is asked, when, and how a survey moves by itself (H5 – H8)."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    NIGHT,
    ROMASHKA,
    Connection,
    acting_as,
    all_rows,
    claim,
    monday,
    moscow,
    one,
    settle,
)
from tests.sql.surveys import act, delivery, draft, people, refused, send, signed_in, start, status, tick, vote
from tests.stack import Stack

DAY = timedelta(days=1)


def chat_uuid(db: Connection, chat: int) -> str:
    return str(one(db, "select id from public.chats where chat_id = %s", chat))


def segment(db: Connection, name: str, *chats: int) -> str:
    found = one(db, "insert into public.chat_segments (name) values (%s) returning id", name)
    for chat in chats:
        db.execute("insert into public.chat_segment_chats (segment_id, chat_id) values (%s, %s)", [found, chat])
    return str(found)


@pytest.mark.parametrize(
    "days", [("2026-07-01", "2026-09-30"), ("2025-01-10", "2025-01-20"), ("2026-04-02", "2026-06-30")]
)
def test_h7_a_whole_quarter_a_past_range_and_ninety_days_are_accepted(db: Connection, days: tuple[str, str]) -> None:
    assert status(db, draft(db, days)) == "draft"


def test_h7_ninety_one_days_and_an_overlap_are_refused_naming_the_other(db: Connection) -> None:
    with refused(db, "range_is_too_long"):
        draft(db, ("2026-04-02", "2026-07-01"))
    with refused(db, "it_ends_after_it_starts"):
        draft(db, ("2026-04-02", "2026-04-01"))
    draft(db, name="Первый квартал")
    with refused(db, "survey_overlaps") as refusal:
        draft(db, ("2026-03-31", "2026-04-30"))
    assert refusal.value.diag.message_detail == "Первый квартал"
    said = act(db, "check_range", "2026-03-31", "2026-06-30")
    assert (said["days"], said["is_too_long"], said["overlaps"]["name"]) == (92, True, "Первый квартал")
    assert one(db, "select count(*) from public.feedback_surveys") == 1


def test_h8_overlapping_segments_ask_each_chat_once_and_a_deleted_one_never(db: Connection) -> None:
    db.execute("update public.chats set deleted_at = now(), monitoring_enabled = false where chat_id = %s", [LEBEDEVA])
    ids = [segment(db, "А", ROMASHKA, LEBEDEVA), segment(db, "Б", ROMASHKA, NIGHT)]
    survey = draft(db, audience="segments", audience_ids=ids)
    said = act(db, "preview_survey", survey, monday("10:00"))
    assert (said["asked"], said["skipped"], said["reasons"]) == (2, 1, {"deleted": 1})
    act(db, "schedule_survey", survey, None, monday("10:00"))
    sent = send(db, monday("10:00"))
    assert sorted(message["recipient_chat_id"] for message in sent) == sorted([ROMASHKA, NIGHT])
    assert (delivery(db, survey, LEBEDEVA)["status"], delivery(db, survey, LEBEDEVA)["reason"]) == (
        "skipped",
        "deleted",
    )


def test_h8_an_empty_audience_is_refused_and_nothing_is_written(db: Connection) -> None:
    for ids in ([str(uuid4())], [segment(db, "Пустой")]):
        survey = draft(db, audience="segments", audience_ids=ids)
        with refused(db, "audience_is_empty"):
            act(db, "schedule_survey", survey, None, monday("10:00"))
        assert status(db, survey) == "draft"
        act(db, "delete_survey", survey)
    with refused(db, "an_audience_is_named"):
        draft(db, audience="chats")
    assert one(db, "select count(*) from public.survey_deliveries") == 0


def test_a_preview_says_who_is_not_asked_and_why(db: Connection) -> None:
    db.execute("update public.chats set bot_status = 'kicked', monitoring_enabled = false where chat_id = %s", [NIGHT])
    act(db, "set_asked_for_ratings", chat_uuid(db, LEBEDEVA), "false")
    said = act(db, "preview_survey", draft(db), monday("10:00"))
    assert (said["asked"], said["reasons"], said["seconds"]) == (1, {"no_bot": 1, "opted_out": 1}, 1)
    assert [chat["reason"] for chat in said["chats"]][-1] is None
    assert [chat["chat_name"] for chat in said["chats"] if chat["reason"] is None] == ["ООО Ромашка"]


def test_h6_a_chat_within_its_pause_is_skipped_with_the_reason_and_not_retried(db: Connection) -> None:
    first = start(db, monday("10:00"), audience="chats", audience_ids=[chat_uuid(db, ROMASHKA)])
    send(db, monday("10:00"))
    act(db, "close_survey", first, monday("12:00"))
    second = start(db, monday("10:00") + timedelta(hours=23), days=("2026-04-01", "2026-04-05"), name="Второй")
    assert send(db, monday("10:00") + timedelta(hours=23, minutes=1))
    skipped = delivery(db, second, ROMASHKA)
    assert (skipped["status"], skipped["reason"]) == ("skipped", "cooldown")
    assert send(db, monday("10:00") + timedelta(hours=26)) == []
    # Somebody may want them asked after all.
    assert act(db, "restart_survey", second, monday("10:00") + timedelta(hours=26)) == 1
    (message,) = send(db, monday("10:00") + timedelta(hours=26))
    assert message["recipient_chat_id"] == ROMASHKA


def test_a_survey_moves_from_draft_to_its_end_by_itself(db: Connection) -> None:
    survey = draft(db, voting_days=7)
    act(db, "schedule_survey", survey, monday("12:00"), monday("10:00"))
    tick(db, monday("11:59"))
    assert status(db, survey) == "scheduled"
    tick(db, monday("12:00"))
    assert status(db, survey) == "sending"
    send(db, monday("12:00:01"))
    assert status(db, survey) == "active"
    of = delivery(db, survey, ROMASHKA)
    assert vote(db, of, ANNA, 5, monday("12:00") + 7 * DAY - timedelta(minutes=1)) == "voted"
    # A minute after the end, whether the tick has come or not (H5).
    with refused(db, "survey_is_over"):
        vote(db, of, ANNA, 4, monday("12:01") + 7 * DAY)
    tick(db, monday("12:01") + 7 * DAY)
    assert status(db, survey) == "expired"
    with refused(db, "survey_is_over"):
        vote(db, of, ANNA, 4, monday("12:02") + 7 * DAY)


def test_h5_closing_cancels_everything_still_to_be_sent(db: Connection) -> None:
    survey = start(db)
    assert one(db, "select count(*) from public.outbox where kind = 'survey' and status = 'pending'") == 3
    act(db, "close_survey", survey, monday("10:00:01"))
    assert all_rows(db, "select distinct status, reason from public.survey_deliveries") == [
        {"status": "cancelled", "reason": "closed"}
    ]
    assert send(db, monday("10:01")) == []
    with refused(db, "survey_is_over"):
        act(db, "resume_survey", survey)


def test_h5_what_is_under_way_at_the_end_is_not_tried_again_and_what_arrives_has_its_people(db: Connection) -> None:
    survey = start(db)
    people(db, ROMASHKA, ANNA)
    held = {message["recipient_chat_id"]: message for message in claim(db, monday("10:00"))}
    act(db, "close_survey", survey, monday("10:00:01"))
    with signed_in(db, "service_role"):
        settle(db, monday("10:00:02"), held[ROMASHKA])
        settle(db, monday("10:00:02"), held[NIGHT], "retry", error="told to wait", retry_after=5)
        settle(db, monday("10:00:02"), held[LEBEDEVA], "retry", error="told to wait", retry_after=5)
        assert claim(db, monday("10:05")) == []
    arrived = delivery(db, survey, ROMASHKA)
    assert (arrived["status"], arrived["people"]) == ("sent", 1)
    for chat in (NIGHT, LEBEDEVA):
        assert (delivery(db, survey, chat)["status"], delivery(db, survey, chat)["reason"]) == ("cancelled", "closed")


def test_people_begin_and_end_surveys_by_the_clock_whatever_moment_they_name(db: Connection) -> None:
    survey = draft(db)
    act(db, "schedule_survey", survey, monday("10:00"))
    (row,) = all_rows(db, "select starts_at >= now() as begins, closes_at from public.feedback_surveys")
    assert row["begins"]
    assert row["closes_at"] is not None
    with refused(db, "does not exist"), signed_in(db, "manager"):
        db.execute("select api.close_survey(id => %s, as_of => %s)", [survey, monday("10:00")])
    with refused(db, "permission denied"), signed_in(db, "manager"):
        db.execute("select private.close_survey(%s, %s)", [survey, monday("10:00")])
    act(db, "close_survey", survey)
    assert one(db, "select ended_at >= starts_at from public.feedback_surveys")
    other = draft(db, ("2026-05-01", "2026-05-31"))
    with refused(db, "what_is_under_way_has_a_beginning"):
        db.execute("update public.feedback_surveys set status = 'active' where id = %s", [other])


def test_stopping_holds_back_and_resuming_goes_on(db: Connection) -> None:
    survey = draft(db)
    act(db, "schedule_survey", survey, None, monday("10:00"))
    act(db, "stop_survey", survey, monday("10:00"))
    assert send(db, monday("10:00")) == []
    act(db, "resume_survey", survey)
    assert len(send(db, monday("10:01"))) == 3
    with refused(db, "survey_has_begun"):
        act(db, "unschedule_survey", survey)
    with refused(db, "survey_has_begun"):
        draft(db, id=survey)


def test_nothing_is_sent_at_night_or_on_a_holiday(db: Connection) -> None:
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-07', 'Праздник')")
    survey = start(db, monday("23:00"))
    assert send(db, monday("23:00")) == send(db, moscow("2026-04-07 12:00")) == []
    assert {row["due_at"] for row in all_rows(db, "select due_at from public.survey_deliveries")} == {
        moscow("2026-04-08 09:00")
    }
    assert len(send(db, moscow("2026-04-08 09:00"))) == 3
    assert status(db, survey) == "active"


def test_what_telegram_refuses_is_told_by_a_reason_and_can_be_tried_again(db: Connection) -> None:
    survey = start(db)
    claimed = one(db, "select api.claim_outbox(%s)", monday("10:00"))
    for message in claimed:
        result = {**message, "outcome": "refused", "error": "Forbidden: bot was kicked from the group chat"}
        db.execute("select api.settle_outbox(jsonb_build_array(%s::jsonb), %s)", [json.dumps(result), monday("10:00")])
    assert all_rows(db, "select distinct status, reason from public.survey_deliveries") == [
        {"status": "failed", "reason": "no_bot"}
    ]
    tick(db, monday("10:01"))
    assert act(db, "restart_survey", survey, monday("10:02")) == 3
    assert len(send(db, monday("10:02"))) == 3


def test_ten_thousand_chats_are_planned_at_once_and_handed_over_at_telegrams_pace(db: Connection) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, connected_at)"
        " select -1009000000000 - n, 'supergroup', 'Чат', now() from generate_series(1, 9997) as n"
    )
    survey = start(db)
    assert one(db, "select count(*) from public.survey_deliveries") == 10000
    assert one(db, "select count(*) from public.outbox where kind = 'survey'") == 25
    # No more in the same second, nor while Telegram has not taken these: alerts would wait behind them.
    assert tick(db, monday("10:00:00.4")) == tick(db, monday("10:00:02")) == 0
    for message in claim(db, monday("10:00:02")):
        settle(db, monday("10:00:02"), message)
    assert tick(db, monday("10:00:03")) == 25
    said = act(db, "survey_progress", survey, monday("10:00:03"))
    assert (said["planned"], said["queued"], said["sent"], said["total"]) == (9950, 25, 25, 10000)
    assert moscow("2026-04-06 10:06") < datetime.fromisoformat(said["done_at"]) < moscow("2026-04-06 14:00")


def test_what_telegram_does_not_take_before_the_firm_closes_is_sent_the_next_day(db: Connection) -> None:
    survey = start(db, monday("17:59"))
    for message in one(db, "select api.claim_outbox(%s)", monday("17:59")):
        settle(db, monday("17:59"), message, "retry", error="told to wait", retry_after=600)
    assert send(db, monday("18:20")) == []
    assert status(db, survey) == "sending"
    assert {row["due_at"] for row in all_rows(db, "select due_at from public.survey_deliveries")} == {
        moscow("2026-04-07 09:00")
    }
    assert len(send(db, moscow("2026-04-07 09:00"))) == 3


def test_two_ticks_at_once_hand_over_each_chat_once(stack: Stack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as first, psycopg.connect(stack.env["DATABASE_URL"]) as second:
        first.execute("select pg_advisory_xact_lock(hashtextextended('surveys', 0))")
        second.execute("set statement_timeout = '5s'")
        # Whoever comes second has nothing to do, and waits for nobody.
        assert tick(second, monday("10:00")) == 0
        second.rollback()


def test_what_clients_are_asked_about_does_not_change_while_they_answer(db: Connection) -> None:
    survey = start(db)
    with refused(db, "survey_has_begun"), signed_in(db, "manager"):
        db.execute("update api.feedback_surveys set ends_on = '2026-03-30' where id = %s", [survey])


def test_only_an_admin_changes_the_rules_and_each_is_checked(db: Connection) -> None:
    def rules(threshold: int, role: str = "admin", hour: int | None = 9) -> None:
        act(db, "change_survey_settings", threshold, 48, 7, None, "true", 5, hour, "true", role=role)

    rules(2)
    (row,) = all_rows(db, "select * from api.settings")
    assert (row["low_rating_threshold"], row["survey_pause_hours"], row["survey_reminder_days"]) == (2, 48, None)
    assert (row["quarterly_survey"], row["quarterly_survey_hour"], row["rate_after_answer"]) == (True, 9, True)
    with refused(db, "not_allowed"):
        rules(3, "manager")
    with refused(db, "low_rating_is_one_to_four_stars"):
        rules(5)
    with refused(db, "quarterly_survey_hour_is_chosen"):
        rules(3, hour=None)


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_only_who_runs_the_firm_runs_surveys(db: Connection, role: str) -> None:
    survey = start(db)
    acts = ("stop_survey", "resume_survey", "restart_survey", "close_survey", "delete_survey", "unschedule_survey")
    for function in (*acts, "preview_survey", "survey_progress", "survey_results", "schedule_survey"):
        with refused(db, "not_allowed"):
            act(db, function, survey, role=role)
    with acting_as(db, role):
        assert all_rows(db, "select * from api.find_deliveries(%s)", survey) == []
        assert one(db, "select count(*) from api.feedback_surveys") == 1
