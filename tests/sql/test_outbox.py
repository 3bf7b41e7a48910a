"""Messages owed: in order and at Telegram's pace, tried again as it allows, edited when what they say has changed."""

from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
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
    one,
    outbox,
    press,
    said,
    settle,
    standing,
    sweep,
    told,
    user_id,
)

INTERNAL = -1001000000099


@pytest.fixture
def breached(late: Connection) -> Connection:
    """Anna's window is overdue, and nobody was told yet."""
    sweep(late, monday("11:00:01"))
    return late


@pytest.mark.parametrize("kind", ["sla_alert", "sla_digest", "chat_notice", "accountant_call"])
@pytest.mark.parametrize("recipient", [ROMASHKA, LEBEDEVA, -42])
def test_e13_p17_a_message_to_a_clients_group_is_impossible(late: Connection, kind: str, recipient: int) -> None:
    late.execute("set constraints all immediate")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="an_alert_never_goes_to_a_clients_group"):
        late.execute(
            "insert into public.outbox (kind, recipient_chat_id, subject_id) values (%s, %s, %s)",
            [kind, recipient, uuid4()],
        )


def test_e13_nor_to_a_client_in_private(late: Connection) -> None:
    ingest(late, said(ANNA, monday("10:00"), chat=ANNA, chat_type="private"))
    for statement in (
        "insert into public.outbox (kind, recipient_chat_id, subject_id) values ('sla_alert', %s, gen_random_uuid())",
        "update public.outbox set recipient_chat_id = %s",
    ):
        sweep(late, monday("11:01"))
        with pytest.raises(psycopg.Error, match="alert_to_a_stranger"), late.transaction():
            late.execute(statement.encode(), [ANNA])


def test_the_firms_own_group_may_be_told(late: Connection) -> None:
    late.execute(
        "insert into public.chats (chat_id, type, chat_name, internal) values (%s, 'supergroup', 'Своя', true)",
        [INTERNAL],
    )
    late.execute(
        'select api.change_ladder(id, \'[{"kind": "breach", "recipients": ["internal_chat"]}]\')'
        " from public.sla_policies where tier = 'standard'"
    )
    ingest(late, said(ANNA, monday("10:00"), topic_id=3))
    sweep(late, monday("11:01"))
    assert INTERNAL in {recipient for _, _, recipient in told(late)}
    with pytest.raises(psycopg.errors.CheckViolation, match="the_firms_own_chat_has_no_client"):
        late.execute(
            "update public.chats set client_id = (select id from public.clients limit 1) where chat_id = %s", [INTERNAL]
        )


def test_the_words_of_an_alert_come_with_it(breached: Connection) -> None:
    message, _ = claim(breached, monday("11:10"))
    assert (message["facts"]["chat_name"], message["facts"]["waiting"], message["facts"]["closed"]) == (
        "ООО Ромашка",
        1,
        0,
    )
    (window,) = message["facts"]["windows"]
    assert (window["asked_by"], window["last_message"], window["accountant"]) == ("Кто-то", "Где акт?", "Ольга Петрова")
    assert (window["waited_minutes"], window["target_minutes"], window["outcome"]) == (70, 60, "overdue")
    assert window["chat_url"].startswith("https://t.me/c/1000000001/")


@pytest.mark.parametrize(
    ("chat", "topic", "link"),
    [
        (-1001234567890, 0, "https://t.me/c/1234567890/5"),
        (-1000000000042, 0, "https://t.me/c/42/5"),
        (-1078123456789, 0, "https://t.me/c/78123456789/5"),
        (-1001234567890, 7, "https://t.me/c/1234567890/7/5"),
        (-4123456, 0, None),
        (2001, 0, None),
    ],
)
def test_e15_a_chat_without_an_address_has_no_link(db: Connection, chat: int, topic: int, link: str | None) -> None:
    assert one(db, "select private.chat_link(%s, %s, 5)", chat, topic) == link


def test_c5_an_answer_resolves_the_alert_and_edits_every_copy(breached: Connection) -> None:
    deliver(breached, monday("11:00:01"))
    ingest(breached, said(OLGA, monday("11:30"), "Готово"))
    assert alerts(breached) == [("breach", 0, "answered")]
    edits = deliver(breached, monday("11:30"))
    assert {m["recipient_chat_id"] for m in edits} == {PETR, OLGA}
    assert {(m["rings"], m["facts"]["waiting"], m["facts"]["closed"]) for m in edits} == {(False, 0, 1)}
    assert edits[0]["facts"]["windows"][0]["answered_by"] == "Ольга Петрова"
    assert deliver(breached, monday("12:00")) == []


def test_c1_what_was_not_sent_when_the_answer_came_is_never_sent(breached: Connection) -> None:
    first, _ = claim(breached, monday("11:01"))
    ingest(breached, said(OLGA, monday("11:10"), "Готово"))
    settle(breached, monday("11:11"), first, "retry", error="Bad Gateway")
    assert claim(breached, monday("11:12")) == []
    late_sender = claim(breached, monday("12:20"))
    assert [message["recipient_chat_id"] for message in late_sender] == []
    assert {message["status"] for message in outbox(breached)} <= {"cancelled", "sending"}


def test_a_change_while_it_is_being_sent_is_one_edit_afterwards(breached: Connection) -> None:
    both = claim(breached, monday("11:01"))
    ingest(breached, said(ANNA, monday("11:02"), "Ау"), said(ANNA, monday("11:03"), "Ну?"))
    press(breached, OLGA, at=monday("11:04"))
    for message in both:
        settle(breached, monday("11:05"), message)
    edits = deliver(breached, monday("11:05:10"))
    assert sorted(m["recipient_chat_id"] for m in edits) == [PETR, OLGA]
    assert {m["facts"]["windows"][0]["acknowledged_by"] for m in edits} == {"Ольга Петрова"}
    assert deliver(breached, monday("11:06")) == []


def test_c12_a_late_delivery_of_an_answer_in_time_voids_the_breach_and_the_message_says_so(
    breached: Connection,
) -> None:
    deliver(breached, monday("11:00:01"))
    ingest(breached, said(OLGA, monday("10:59"), "Готово"))
    assert alerts(breached) == [("breach", 0, "voided")]
    (entry, *_) = all_rows(
        breached, "select before, after from public.audit_log where entity = 'sla_alerts' order by id desc"
    )
    assert (entry["before"]["resolution"], entry["after"]["resolution"]) == (None, "voided")
    for edit in deliver(breached, monday("11:05")):
        assert (edit["facts"]["windows"][0]["outcome"], edit["facts"]["windows"][0]["breach_voided"]) == ("met", True)


def test_what_is_claimed_is_not_claimed_again_until_the_claim_lapses(breached: Connection) -> None:
    assert len(claim(breached, monday("11:01:10"))) == 2
    assert claim(breached, monday("11:01:20")) == []
    assert len(claim(breached, monday("11:02:10"))) == 2


def test_e18_a_failed_message_is_tried_five_times_within_an_hour_and_can_be_sent_again(breached: Connection) -> None:
    breached.execute("delete from public.outbox where recipient_chat_id = %s", [OLGA])
    at, waits = monday("11:01"), []
    while claimed := claim(breached, at):
        settle(breached, at, claimed[0], "retry", error="Bad Gateway")
        (message,) = outbox(breached)
        waits.append((message["next_attempt_at"] - at).total_seconds() / 60)
        at = message["next_attempt_at"]
    assert (waits[:4], len(waits), outbox(breached)[0]["status"]) == ([1, 5, 15, 39], 5, "failed")
    with acting_as(breached, "manager"):
        (dead,) = all_rows(breached, "select * from api.undelivered_messages()")
        assert (dead["recipient"], dead["last_error"]) == ("Пётр Волков", "Bad Gateway")
        breached.execute("select api.resend_message(%s, %s)", [dead["id"], at])
        assert all_rows(breached, "select * from api.undelivered_messages()") == []
        (message,) = all_rows(breached, "select 1 as one")
    for role in ("accountant", "observer"):
        with acting_as(breached, role):
            assert all_rows(breached, "select * from api.undelivered_messages()") == []
            with pytest.raises(psycopg.Error, match="not_allowed"), breached.transaction():
                breached.execute("select api.resend_message(%s)", [dead["id"]])
    breached.execute("select set_config('request.jwt.claims', '{\"role\": \"service_role\"}', true)")
    breached.execute("select api.resend_message(%s, %s)", [dead["id"], at])
    assert [m["recipient_chat_id"] for m in deliver(breached, at)] == [PETR]


def test_e18_being_told_to_wait_is_obeyed_and_is_no_failure(breached: Connection) -> None:
    message = next(m for m in claim(breached, monday("11:01")) if m["recipient_chat_id"] == PETR)
    settle(breached, monday("11:01"), message, "retry", error="told to wait", retry_after=40)
    waiting = standing(breached, PETR)
    assert (waiting["status"], waiting["attempts"], waiting["next_attempt_at"]) == ("pending", 0, monday("11:01:40"))
    assert claim(breached, monday("11:01:39")) == []


@pytest.mark.parametrize("outcome", ["blocked", "deleted", "not_started"])
def test_e19_who_cannot_be_reached_is_marked_and_the_next_in_line_is_told(breached: Connection, outcome: str) -> None:
    breached.execute("update public.users set active = false where telegram_id = %s", [OLGA])
    message = next(m for m in claim(breached, monday("11:01")) if m["recipient_chat_id"] == PETR)
    settle(breached, monday("11:01"), message, outcome, error="Forbidden: bot was blocked by the user")
    failed = standing(breached, PETR)
    assert (failed["status"], failed["last_error"]) == ("failed", "Forbidden: bot was blocked by the user")
    person = all_rows(
        breached, "select unreachable_since, unreachable_because from public.users where telegram_id = %s", PETR
    )
    assert person == [{"unreachable_since": monday("11:01"), "unreachable_because": outcome}]
    assert ADMIN in {recipient for _, _, recipient in told(breached)}
    assert one(breached, "select api.greet(%s)", PETR) == "Пётр Волков"
    assert one(breached, "select unreachable_since from public.users where telegram_id = %s", PETR) is None


def test_an_edit_whose_message_is_gone_is_no_failure_and_is_sent_anew_while_somebody_waits(
    breached: Connection,
) -> None:
    deliver(breached, monday("11:00:01"))
    press(breached, PETR)
    for message in claim(breached, monday("11:06")):
        settle(breached, monday("11:06"), message, "gone", error="message to edit not found")
    again = deliver(breached, monday("11:06:02"))
    assert {(message["telegram_message_id"], message["facts"]["waiting"]) for message in again} == {(None, 1)}
    ingest(breached, said(OLGA, monday("11:10"), "Готово"))
    for message in claim(breached, monday("11:11")):
        settle(breached, monday("11:11"), message, "gone", error="message to edit not found")
    assert {message["status"] for message in outbox(breached)} == {"sent"}


def test_a_ring_that_died_with_its_sender_rings_again(breached: Connection) -> None:
    deliver(breached, monday("11:00:01"))
    sweep(breached, monday("11:30"))
    assert [message["rings"] for message in claim(breached, monday("11:30"))] == [True, True]
    assert [message["rings"] for message in claim(breached, monday("11:31:30"))] == [True, True]


def test_e19_the_morning_digest_of_somebody_who_left_goes_to_the_next_in_line(db: Connection) -> None:
    ingest(db, said(ANNA, monday("08:00")))
    sweep(db, monday("09:00"))
    (message,) = claim(db, monday("09:00"))
    settle(db, monday("09:00"), message, "blocked", error="Forbidden: bot was blocked by the user")
    assert [(m["kind"], m["recipient_chat_id"]) for m in deliver(db, monday("09:00:05"))] == [("sla_digest", PETR)]


def test_a_group_that_became_a_supergroup_is_told_under_its_new_id(breached: Connection) -> None:
    breached.execute(
        "insert into public.chats (chat_id, type, chat_name, internal) values (-77, 'group', 'Своя', true),"
        " (%s, 'supergroup', 'Своя', true)",
        [INTERNAL],
    )
    breached.execute("delete from public.outbox")
    breached.execute(
        "insert into public.outbox (kind, recipient_chat_id, subject_id, next_attempt_at)"
        " values ('chat_notice', -77, gen_random_uuid(), %s)",
        [monday("11:00")],
    )
    (message,) = claim(breached, monday("11:01"))
    settle(breached, monday("11:01"), message, "migrated", error="migrated", migrated_to=INTERNAL)
    assert [m["recipient_chat_id"] for m in deliver(breached, monday("11:01:02"))] == [INTERNAL]


def test_a_reminder_rings_again_if_anybody_still_waits(breached: Connection) -> None:
    ingest(breached, said(VERA, monday("09:00"), chat=LEBEDEVA))
    sweep(breached, monday("11:00:02"))
    deliver(breached, monday("11:00:02"))
    about = next(row for row in outbox(breached) if row["recipient_chat_id"] == IVAN)
    answer = press(breached, IVAN, "remind_30", monday("11:05"), about)
    assert answer["outcome"] == "reminded"
    sweep(breached, monday("11:30:30"))
    deliver(breached, monday("11:30:30"))
    sweep(breached, monday("11:35"))
    rung = [m for m in deliver(breached, monday("11:35")) if m["recipient_chat_id"] == IVAN]
    assert [message["rings"] for message in rung] == [True]
    ingest(breached, said(IVAN, monday("11:36"), "Готово", chat=LEBEDEVA))
    assert one(breached, "select remind_at from public.outbox where id = %s", about["id"]) is None


def test_a_digest_of_the_morning_is_edited_as_people_answer(db: Connection) -> None:
    ingest(db, said(ANNA, monday("08:00"), topic_id=1), said(ANNA, monday("08:10"), topic_id=2))
    sweep(db, monday("09:00"))
    deliver(db, monday("09:00"))
    ingest(db, said(OLGA, monday("09:10"), "Готово", topic_id=1))
    assert [(m["kind"], m["facts"]["waiting"]) for m in deliver(db, monday("09:10"))] == [("sla_digest", 1)]
    ingest(db, said(OLGA, monday("09:20"), "Готово", topic_id=2))
    deliver(db, monday("09:20"))
    assert {row["finished_at"] is None for row in outbox(db)} == {False}
    assert user_id(OLGA) in {row["subject_id"] for row in outbox(db)}
