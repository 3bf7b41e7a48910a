"""Messages owed: claimed one per recipient and in order, tried again as Telegram allows, never after the answer."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    acknowledge,
    claim,
    ingest,
    monday,
    outbox,
    said,
    settle,
    sweep,
)


def test_e13_an_alert_to_a_group_is_impossible(late: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="an_alert_never_goes_to_a_group"):
        late.execute(
            "insert into public.outbox (kind, recipient_chat_id, subject_id) values ('sla_alert', %s, %s)",
            [ROMASHKA, uuid4()],
        )


def test_c1_nothing_more_is_said_of_an_answered_window_wherever_its_messages_are(late: Connection) -> None:
    """One is being sent and fails, one is with a sender that died, one waits for its next try after a press."""
    late.execute("update public.users set role = 'manager' where telegram_id in (%s, %s)", [ADMIN, IVAN])
    sweep(late, monday("11:01"))
    first, second, third = claim(late, monday("11:01"))
    settle(late, monday("11:01"), id=third["id"], error="Bad Gateway")
    acknowledge(late, PETR)
    ingest(late, said(OLGA, monday("11:10"), "Готово"))
    settle(late, monday("11:11"), id=first["id"], error="Bad Gateway")
    assert claim(late, monday("12:00")) == []
    settle(late, monday("11:11"), id=second["id"], telegram_message_id=5)
    assert {message["status"] for message in outbox(late)} == {"cancelled", "sent"}


def test_the_words_of_an_alert_come_with_it(late: Connection) -> None:
    sweep(late, monday("11:01"))
    (message,) = claim(late, monday("11:10"))
    facts = message["facts"]
    assert (facts["chat_name"], facts["asked_by"], facts["last_message"]) == ("ООО Ромашка", "Кто-то", "Где акт?")
    assert (facts["waited_minutes"], facts["target_minutes"], facts["accountant"]) == (70, 60, "Ольга Петрова")


def test_what_is_claimed_is_not_claimed_again_until_the_claim_lapses(late: Connection) -> None:
    sweep(late, monday("11:01"))
    assert len(claim(late, monday("11:01:10"))) == 1
    assert claim(late, monday("11:01:20")) == []
    assert len(claim(late, monday("11:02:10"))) == 1


def test_a_recipient_gets_one_message_a_claim_and_in_order(db: Connection) -> None:
    ingest(db, *(said(ANNA, monday("09:00") + timedelta(seconds=n), f"Вопрос {n}", topic_id=n + 1) for n in range(3)))
    for n in range(3):
        assert sweep(db, monday("11:00") + timedelta(seconds=n), batch=1) == 1
    claims = [claim(db, monday("11:01") + timedelta(seconds=n)) for n in range(4)]
    phrases = [[message["facts"]["last_message"] for message in claimed] for claimed in claims]
    assert phrases == [["Вопрос 0"], ["Вопрос 1"], ["Вопрос 2"], []]


def test_e18_a_failed_message_is_tried_five_times_within_an_hour(late: Connection) -> None:
    at = monday("11:01")
    sweep(late, at)
    waits = []
    while claimed := claim(late, at):
        settle(late, at, id=claimed[0]["id"], error="Bad Gateway")
        (message,) = outbox(late)
        waits.append((message["next_attempt_at"] - at).total_seconds() / 60)
        at = message["next_attempt_at"]
    assert (waits[:4], len(waits), outbox(late)[0]["status"]) == ([1, 5, 15, 39], 5, "failed")


def test_e18_being_told_to_wait_is_obeyed_and_is_no_failure(late: Connection) -> None:
    sweep(late, monday("11:01"))
    (message,) = claim(late, monday("11:01"))
    settle(late, monday("11:01"), id=message["id"], error="told to wait", retry_after=40)
    (waiting,) = outbox(late)
    assert (waiting["status"], waiting["attempts"], waiting["next_attempt_at"]) == ("pending", 0, monday("11:01:40"))
    assert claim(late, monday("11:01:39")) == []


def test_e19_a_blocked_bot_fails_once_and_says_why(late: Connection) -> None:
    sweep(late, monday("11:01"))
    (message,) = claim(late, monday("11:01"))
    settle(late, monday("11:01"), id=message["id"], error="Forbidden: bot was blocked by the user", final=True)
    (failed,) = outbox(late)
    assert (failed["status"], failed["last_error"]) == ("failed", "Forbidden: bot was blocked by the user")
