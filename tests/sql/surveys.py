"""How a survey goes in SQL tests: a manager starts it, the tick moves it, people vote."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import STAFF, Connection, Row, all_rows, claim, deliver, monday, one, settle, user_id

Q1 = ("2026-01-01", "2026-03-31")
WEEK = timedelta(days=7)
# People choose no instants.
_ARGUMENTS_WITH_INSTANT = {"schedule_survey": 3, "stop_survey": 2, "restart_survey": 2, "close_survey": 2}


@contextmanager
def signed_in(db: Connection, role: str) -> Iterator[None]:
    """Act as that person, or as the service, and keep what is done."""
    claims = {"sub": str(user_id(STAFF[role])), "role": "authenticated"} if role in STAFF else {"role": role}
    db.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps(claims)])
    db.execute("set role service_role" if role == "service_role" else "set role authenticated")
    try:
        yield
    finally:
        # After a refusal the transaction that it spoilt takes the role back.
        if db.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            db.execute("reset role")
            db.execute("select set_config('request.jwt.claims', '', false)")


def draft(db: Connection, days: tuple[str, str] = Q1, name: str = "Первый квартал", **more: Any) -> UUID:
    wanted = {"name": name, "starts_on": days[0], "ends_on": days[1], **more}
    arguments = ", ".join(f"{key} => %s" for key in wanted)
    with signed_in(db, "manager"):
        found: UUID = one(db, f"select api.save_survey({arguments})", *wanted.values())
    return found


def act(db: Connection, function: str, *values: Any, role: str = "manager") -> Any:
    """What a person is answered by a function of `api`; at an instant, by what is behind it."""
    places = ", ".join("%s" for _ in values)
    with signed_in(db, role):
        if _ARGUMENTS_WITH_INSTANT.get(function) == len(values):
            db.execute("reset role")
            return one(db, f"select private.{function}({places})", *values)
        return one(db, f"select api.{function}({places})", *values)


def start(db: Connection, at: datetime | None = None, **more: Any) -> UUID:
    """A survey that is under way from an instant on."""
    at = at or monday("10:00")
    survey = draft(db, **more)
    act(db, "schedule_survey", survey, at, at)
    tick(db, at)
    return survey


def tick(db: Connection, at: datetime) -> int:
    """One look at what is due; how many messages that hands over."""
    with signed_in(db, "service_role"):
        handed: int = one(db, "select (api.run_surveys(%s) ->> 'handed_over')::integer", at)
    return handed


def send(db: Connection, at: datetime, kinds: tuple[str, ...] = ("survey", "survey_reminder")) -> list[Row]:
    """Hand over and send everything that surveys owe clients; what was sent."""
    sent: list[Row] = []
    while True:
        tick(db, at)
        with signed_in(db, "service_role"):
            claimed = claim(db, at)
            for message in claimed:
                settle(db, at, message)
        sent += [message for message in claimed if message["kind"] in kinds]
        at += timedelta(seconds=2)
        if not claimed:
            return sent


def delivered(db: Connection, at: datetime) -> list[Row]:
    """Everything that goes out to anybody."""
    with signed_in(db, "service_role"):
        return deliver(db, at)


def told(db: Connection, at: datetime, kind: str = "low_rating") -> list[tuple[int, int | None, str | None]]:
    """(whom, stars, comment) of the alerts that go out now."""
    return [
        (row["recipient_chat_id"], row["facts"].get("rating"), row["facts"].get("comment"))
        for row in delivered(db, at)
        if row["kind"] == kind
    ]


def delivery(db: Connection, survey: UUID, chat: int) -> Row:
    (row,) = all_rows(db, "select * from public.survey_deliveries where survey_id = %s and chat_id = %s", survey, chat)
    return row


def vote(
    db: Connection,
    of: Row,
    who: int,
    rating: int | None,
    at: datetime,
    pressed_in: int | None = None,
    username: str | None = None,
) -> str:
    """Press a star under a delivery's message; what became of it."""
    place = pressed_in or of["chat_id"]
    with signed_in(db, "service_role"):
        outcome: str = one(
            db,
            "select api.vote(%s, %s, %s, %s, 'Анна', %s, %s) ->> 'outcome'",
            *(of["id"], who, place, rating, username, at),
        )
    return outcome


def comment(db: Connection, who: int, words: str, at: datetime) -> str:
    """Write to the bot in private; what that was taken for."""
    with signed_in(db, "service_role"):
        outcome: str = one(db, "select api.comment_vote(%s, %s, %s) ->> 'outcome'", who, words, at)
    return outcome


def status(db: Connection, survey: UUID) -> str:
    found: str = one(db, "select status from public.feedback_surveys where id = %s", survey)
    return found


def live(db: Connection, survey: UUID) -> list[tuple[int, int, str | None]]:
    """(who, stars, comment) of the live votes."""
    rows = all_rows(
        db,
        "select telegram_user_id, rating, comment from api.feedback_responses where survey_id = %s order by 1",
        survey,
    )
    return [(row["telegram_user_id"], row["rating"], row["comment"]) for row in rows]


def people(db: Connection, chat: int, *who: int) -> None:
    """Have these be known as members of a chat."""
    for person in who:
        db.execute(
            "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Клиент')"
            " on conflict do nothing",
            [chat, person],
        )


@contextmanager
def refused(db: Connection, key: str) -> Iterator[pytest.ExceptionInfo[psycopg.Error]]:
    with pytest.raises(psycopg.Error, match=key) as refusal, db.transaction():
        yield refusal
