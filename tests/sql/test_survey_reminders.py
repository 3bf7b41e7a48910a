"""Reminders: who did not vote gets one, in private, and nobody else learns of it (H2)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.sql.firm import ANNA, BORIS, LEBEDEVA, OLGA, ROMASHKA, VERA, Connection, all_rows, monday, moscow, one
from tests.sql.surveys import act, delivery, people, refused, send, start, tick, vote

HOUR = timedelta(hours=1)
THURSDAY = moscow("2026-04-09 10:00:10")


@pytest.fixture
def survey(db: Connection) -> UUID:
    found = start(db)
    send(db, monday("10:00"))
    return found


def reminded(db: Connection, at: Any) -> list[int]:
    return sorted(row["recipient_chat_id"] for row in send(db, at, ("survey_reminder",)))


def private_chat(db: Connection, who: int) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name) values (%s, 'private', 'Клиент') on conflict do nothing",
        [who],
    )


def test_h2_who_voted_is_not_reminded_and_who_did_not_is_once_in_private(db: Connection, survey: UUID) -> None:
    """Only in private: a group that sees no reminder would know that all of it voted."""
    for who in (ANNA, BORIS):
        private_chat(db, who)
        # In two chats: still one reminder.
        people(db, ROMASHKA, who)
        people(db, LEBEDEVA, who)
    people(db, ROMASHKA, OLGA)
    vote(db, delivery(db, survey, ROMASHKA), ANNA, 5, monday("10:05"))
    assert reminded(db, THURSDAY - 24 * HOUR) == []
    assert reminded(db, THURSDAY) == [BORIS]
    assert reminded(db, THURSDAY + HOUR) == []
    # Nothing stays of who was reminded.
    assert one(db, "select count(*) from public.outbox where kind = 'survey_reminder'") == 0


def test_h2_a_vote_takes_back_a_reminder_that_waits(db: Connection, survey: UUID) -> None:
    private_chat(db, BORIS)
    people(db, ROMASHKA, BORIS)
    tick(db, THURSDAY)
    assert one(db, "select count(*) from public.outbox where kind = 'survey_reminder'") == 1
    vote(db, delivery(db, survey, ROMASHKA), BORIS, 5, THURSDAY)
    assert reminded(db, THURSDAY) == []


def test_h2_a_group_is_never_reminded_because_all_in_it_would_know_that_nobody_voted(
    db: Connection, survey: UUID
) -> None:
    people(db, ROMASHKA, ANNA, BORIS, VERA)
    private_chat(db, ANNA)
    assert reminded(db, THURSDAY) == [ANNA]
    assert one(db, "select count(*) from public.survey_deliveries where reminded_at is null") == 0
    (message,) = all_rows(db, "select * from public.outbox where kind = 'survey' limit 1")
    with refused(db, "what_clients_get_goes_to_their_group"):
        db.execute("update public.outbox set kind = 'survey_reminder' where id = %s", [message["id"]])


def test_nobody_is_reminded_at_night_on_a_holiday_or_when_it_is_over(db: Connection, survey: UUID) -> None:
    people(db, ROMASHKA, ANNA, BORIS, VERA)
    private_chat(db, VERA)
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-09', 'Праздник')")
    assert reminded(db, THURSDAY) == reminded(db, THURSDAY + 12 * HOUR) == []
    act(db, "stop_survey", survey, THURSDAY)
    assert reminded(db, THURSDAY + 24 * HOUR) == []
    act(db, "resume_survey", survey)
    assert reminded(db, THURSDAY + 24 * HOUR) == [VERA]
