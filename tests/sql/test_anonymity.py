"""Votes are anonymous by what the views give, not by what a page shows (H10)."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    NIGHT,
    OLGA,
    ROMASHKA,
    VERA,
    Connection,
    acting_as,
    all_rows,
    one,
    user_id,
)
from tests.sql.surveys import people

SILENT = 2990


def survey(db: Connection, quarter: str = "[2026-01-01,2026-03-31]") -> UUID:
    """A survey in chats where somebody always stays silent."""
    for chat in (ROMASHKA, LEBEDEVA, NIGHT):
        people(db, chat, SILENT)
    found: UUID = one(
        db,
        "insert into public.feedback_surveys (name, starts_on, ends_on, status, starts_at)"
        " select 'Квартал', lower(%s::daterange), upper(%s::daterange) - 1, 'active', '2026-04-06' returning id",
        quarter,
        quarter,
    )
    return found


def vote(db: Connection, of: UUID, chat: int, who: int, rating: int | None, comment: str | None = None) -> None:
    db.execute(
        "insert into api.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment)"
        " values (%s, %s, %s, 'Анна Иванова', %s, %s)",
        [of, chat, who, rating, comment],
    )


def end(db: Connection, of: UUID) -> None:
    db.execute("update public.feedback_surveys set status = 'closed', ended_at = now() where id = %s", [of])


def summary(db: Connection, role: str) -> list[dict[str, Any]]:
    with acting_as(db, role):
        return all_rows(db, "select * from api.feedback_summary order by scope, accountant_id")


def refusal(db: Connection, *vote_of: Any) -> str:
    with pytest.raises(psycopg.Error) as refused, db.transaction():
        vote(db, *vote_of)
    return refused.value.diag.message_primary or ""


def test_h1_the_last_vote_of_each_person_counts_and_the_history_stays(db: Connection) -> None:
    of = survey(db)
    for who, rating in ((ANNA, 5), (BORIS, 2), (ANNA, 4), (BORIS, None)):
        vote(db, of, ROMASHKA, who, rating)
    live = all_rows(db, "select quarter, telegram_user_id, rating from api.feedback_responses")
    assert live == [{"quarter": "2026-Q1", "telegram_user_id": ANNA, "rating": 4}]
    assert one(db, "select count(*) from public.feedback_responses where survey_id = %s", of) == 4
    assert [(row["voters"], row["average_rating"]) for row in summary(db, "admin")] == [(1, 4), (1, 4)]


def test_h5_h11_a_survey_that_is_over_and_people_of_the_firm_are_refused(db: Connection) -> None:
    of = survey(db)
    assert refusal(db, of, ROMASHKA, OLGA, 5) == "staff_do_not_vote"
    end(db, of)
    assert refusal(db, of, ROMASHKA, ANNA, 5) == "survey_is_over"


def test_what_has_ended_does_not_begin_again(db: Connection) -> None:
    of = survey(db)
    end(db, of)
    with pytest.raises(psycopg.Error, match="survey_is_over"):
        db.execute("update public.feedback_surveys set status = 'active', ended_at = null where id = %s", [of])


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_fewer_than_three_voters_give_no_figures(db: Connection, role: str) -> None:
    of = survey(db)
    for who in (ANNA, BORIS):
        vote(db, of, ROMASHKA, who, 5, "Всё хорошо")
    end(db, of)
    assert summary(db, role) == []
    with acting_as(db, role):
        assert all_rows(db, "select * from api.find_votes()") == []
    assert len(summary(db, "manager")) == 2
    with acting_as(db, "manager"):
        assert all_rows(db, "select voter_name, comment from api.find_votes() limit 1") == [
            {"voter_name": "Анна Иванова", "comment": "Всё хорошо"}
        ]


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_three_voters_give_figures_once_the_survey_is_over(db: Connection, role: str) -> None:
    of = survey(db)
    for who, rating in ((ANNA, 5), (BORIS, 4), (VERA, 3)):
        vote(db, of, ROMASHKA, who, rating)
    # Each vote would show in the difference between two looks.
    assert summary(db, role) == []
    end(db, of)
    shown = [(row["scope"], row["accountant_id"], row["voters"], row["average_rating"]) for row in summary(db, role)]
    assert shown == [("accountant", user_id(OLGA), 3, 4), ("firm", None, 3, 4)]


def test_h10_one_person_in_several_chats_is_one_voter(db: Connection) -> None:
    of = survey(db)
    for chat in (ROMASHKA, NIGHT, LEBEDEVA):
        vote(db, of, chat, ANNA, 5)
    end(db, of)
    assert summary(db, "accountant") == []


def test_h10_the_rest_of_the_firm_cannot_be_told_by_subtraction(db: Connection) -> None:
    of = survey(db)
    for who, rating in ((ANNA, 5), (BORIS, 4), (VERA, 5)):
        vote(db, of, ROMASHKA, who, rating)
    vote(db, of, LEBEDEVA, 2999, 1)
    end(db, of)
    # Olga's three may not be shown beside the total of four.
    assert [row["scope"] for row in summary(db, "accountant")] == ["firm"]


def test_h10_what_is_published_counts_each_person_once_and_no_votes(db: Connection) -> None:
    """More votes than voters would tell that somebody is in several chats."""
    of = survey(db)
    for chat, who, rating in ((ROMASHKA, ANNA, 5), (NIGHT, ANNA, 5), (ROMASHKA, BORIS, 4), (NIGHT, VERA, 4)):
        vote(db, of, chat, who, rating)
    end(db, of)
    for row in summary(db, "observer"):
        assert (row["voters"], row["distribution"], row["csat"]) == (3, [0, 0, 0, 2, 1], 100)
        assert (row["votes"], row["asked"], row["rate"]) == (None, None, None)
    assert [row["votes"] for row in summary(db, "manager")] == [4, 4]


def test_h10_a_group_of_one_mind_or_in_which_everybody_voted_gives_no_figures(db: Connection) -> None:
    one_mind = survey(db)
    for who in (ANNA, BORIS, VERA):
        vote(db, one_mind, ROMASHKA, who, 5)
    end(db, one_mind)
    everybody = survey(db, "[2026-04-01,2026-06-30]")
    for who, rating in ((ANNA, 5), (BORIS, 4), (VERA, 5), (SILENT, 1)):
        vote(db, everybody, ROMASHKA, who, rating)
    end(db, everybody)
    assert summary(db, "observer") == []
    assert len(summary(db, "manager")) == 4


def test_h10_a_later_comment_stays_with_the_vote_and_counts_once(db: Connection) -> None:
    of = survey(db)
    vote(db, of, ROMASHKA, ANNA, 4)
    vote(db, of, ROMASHKA, ANNA, 4, "Быстрее бы")
    assert all_rows(db, "select rating, comment from api.feedback_responses") == [
        {"rating": 4, "comment": "Быстрее бы"}
    ]
