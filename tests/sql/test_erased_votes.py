"""Ratings of people whose data is erased: the figures stay, and tell of nobody (H10)."""

import pytest

from tests.sql.firm import ANNA, BORIS, LEBEDEVA, ROMASHKA, Connection, acting_as, all_rows, one
from tests.sql.traces import CLIENT, SURVEY, ZOYA, act, leave_traces, vote


@pytest.fixture
def full(db: Connection) -> Connection:
    leave_traces(db)
    return db


def ratings(db: Connection) -> list[tuple[str, int, float]]:
    with acting_as(db, "admin"):
        rows = all_rows(db, "select * from api.feedback_summary order by scope, accountant_name, voters")
    return [(row["scope"], row["voters"], float(row["average_rating"])) for row in rows]


def test_ratings_of_an_erased_client_say_the_same(full: Connection) -> None:
    """Who voted in two chats of the client stays one voter, and so does, in the firm, who voted for two clients."""
    second = -1009999999777
    full.execute(
        "insert into public.chats (chat_id, type, chat_name, client_id) values (%s, 'supergroup', 'x', %s)",
        [second, CLIENT],
    )
    for chat, who, rating in (
        (second, ZOYA, 2),
        (ROMASHKA, ANNA, 3),
        (ROMASHKA, ANNA, 1),
        (LEBEDEVA, BORIS, 5),
        (ROMASHKA, BORIS, 3),
    ):
        vote(full, chat, who, rating)
    before = next(row for row in ratings(full) if row[0] == "firm")
    assert before[1] == 3
    act(full, "client")
    assert next(row for row in ratings(full) if row[0] == "firm") == before
    assert one(full, "select count(*) from public.feedback_responses where comment is not null") == 1


def test_h10_an_erased_persons_other_vote_does_not_make_a_group_of_three(full: Connection) -> None:
    """Two people, one of them in two clients' chats: still two after one of these clients is erased."""
    vote(full, LEBEDEVA, ZOYA, 5)
    vote(full, LEBEDEVA, BORIS, 5)
    act(full, "client")
    full.execute("update public.feedback_surveys set status = 'closed', ended_at = now() where id = %s", [SURVEY])
    for role in ("accountant", "observer"):
        with acting_as(full, role):
            assert all_rows(full, "select * from api.feedback_summary where survey_id = %s", SURVEY) == []
