"""Low ratings and the digest: who hears what, once, and who does not (H3)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    acting_as,
    all_rows,
    monday,
    one,
    user_id,
)
from tests.sql.surveys import act, comment, delivered, delivery, people, refused, send, start, told, vote

HOUR = timedelta(hours=1)


@pytest.fixture
def survey(db: Connection) -> UUID:
    found = start(db)
    send(db, monday("10:00"))
    return found


@pytest.fixture
def asked(db: Connection, survey: UUID) -> Row:
    return delivery(db, survey, ROMASHKA)


def case(db: Connection) -> Row:
    with acting_as(db, "manager"):
        (row,) = all_rows(db, "select * from api.find_cases('all')")
    return row


def test_h3_three_stars_are_told_to_managers_at_once_and_with_the_limit_at_two_they_are_not(
    db: Connection, asked: Row
) -> None:
    db.execute("update public.settings set low_rating_threshold = 2")
    vote(db, asked, ANNA, 3, monday("10:05"))
    assert told(db, monday("10:05")) == []
    db.execute("update public.settings set low_rating_threshold = 3")
    vote(db, asked, BORIS, 3, monday("10:06"))
    assert told(db, monday("10:06")) == [(PETR, 3, None)]
    assert (case(db)["voter_name"], case(db)["rating"], case(db)["accountant_name"]) == ("Анна", 3, "Ольга Петрова")


def test_h3_the_comment_is_told_when_it_comes_and_further_lowering_within_the_hour_is_not(
    db: Connection, asked: Row
) -> None:
    vote(db, asked, ANNA, 3, monday("10:05"))
    assert told(db, monday("10:05")) == [(PETR, 3, None)]
    vote(db, asked, ANNA, 2, monday("10:06"))
    vote(db, asked, ANNA, None, monday("10:07"))
    vote(db, asked, ANNA, 1, monday("10:08"))
    assert told(db, monday("10:08")) == []
    comment(db, ANNA, "Долго", monday("10:09"))
    assert told(db, monday("10:09")) == [(PETR, 1, "Долго")]
    vote(db, asked, ANNA, 2, monday("11:30"))
    assert told(db, monday("11:30")) == [(PETR, 2, "Долго")]
    assert (case(db)["lowest"], case(db)["rating"], case(db)["comment"]) == (1, 2, "Долго")


def test_a_comment_that_comes_before_the_alert_is_sent_goes_with_it(db: Connection, asked: Row) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    comment(db, ANNA, "Долго", monday("10:05:01"))
    assert told(db, monday("10:05:02")) == [(PETR, 1, "Долго")]
    assert told(db, monday("10:06")) == []


def test_a_case_has_an_owner_a_note_and_a_resolution_and_the_acts_are_recorded(
    db: Connection, asked: Row, seen: int
) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    found = case(db)["id"]
    with refused(db, "not_allowed"):
        act(db, "take_case", found, role="accountant")
    assert case(db)["owner_name"] is None
    db.execute("select api.take_case(%s, %s)", [found, PETR])
    with refused(db, "resolution_is_known"):
        act(db, "resolve_case", found, "whatever")
    act(db, "resolve_case", found, "talked", "Анна ждала акт неделю")
    closed = case(db)
    assert (closed["owner_name"], closed["note"], closed["resolution"]) == (
        "Пётр Волков",
        "Анна ждала акт неделю",
        "talked",
    )
    with refused(db, "case_is_resolved"):
        act(db, "take_case", found)
    act(db, "reopen_case", found)
    assert case(db)["resolved_at"] is None
    written = entries(db, seen, "feedback_cases")
    assert [entry["actor_id"] for entry in written] == [user_id(PETR)] * 4
    assert "неделю" not in str(written)


def test_who_is_second_to_take_a_case_is_told_who_has_it_and_takes_it_knowingly(db: Connection, asked: Row) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    found = case(db)["id"]
    act(db, "take_case", found)
    with refused(db, "case_is_taken") as refusal:
        act(db, "take_case", found, role="admin")
    assert refusal.value.diag.message_detail == "Пётр Волков"
    act(db, "take_case", found)
    act(db, "take_case", found, None, user_id(PETR), role="admin")
    assert case(db)["owner_id"] == user_id(ADMIN)
    with refused(db, "case_is_taken"):
        act(db, "take_case", found, None, user_id(PETR))
    db.execute("update public.users set role = 'admin' where telegram_id = %s", [IVAN])
    db.execute("update public.users set active = false where id = %s", [user_id(ADMIN)])
    act(db, "take_case", found)
    assert case(db)["owner_name"] == "Пётр Волков"


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_nobody_else_reads_cases_votes_or_deliveries(db: Connection, asked: Row, role: str) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    assert one(db, "select count(*) from private.case_rows") == 1
    for table in ("public.feedback_cases", "public.feedback_responses", "public.survey_deliveries"):
        with acting_as(db, role), refused(db, "permission denied"):
            one(db, f"select count(*) from {table}")
    with acting_as(db, role):
        assert all_rows(db, "select * from api.find_comments()") == []


def test_h9_the_head_gets_the_same_figures_at_the_end_as_every_page(db: Connection, survey: UUID) -> None:
    db.execute("update public.settings set head_id = %s", [user_id(PETR)])
    people(db, ROMASHKA, ANNA, BORIS, VERA)
    for who, stars in ((ANNA, 5), (BORIS, 4), (VERA, 1)):
        vote(db, delivery(db, survey, ROMASHKA), who, stars, monday("10:05"))
    people(db, ROMASHKA, 2777)
    delivered(db, monday("10:06"))
    running = act(db, "survey_results", survey)["firm"]
    act(db, "close_survey", survey, monday("11:00"))
    (digest,) = [row for row in delivered(db, monday("11:00:05")) if row["kind"] == "survey_digest"]
    firm = digest["facts"]["firm"]
    assert firm == {
        "asked": 4, "voters": 3, "votes": 3, "rate": 75.0, "average": 3.33, "csat": 66.7, "nps": 0,
        "distribution": [1, 0, 0, 1, 1],
    }  # fmt: skip
    assert digest["recipient_chat_id"] == PETR
    # Who comes later could not vote.
    people(db, ROMASHKA, 2778, 2779)
    results = act(db, "survey_results", survey)
    progress = act(db, "survey_progress", survey, monday("12:00"))
    (overview,) = act(db, "survey_overview")
    (trend,) = act(db, "feedback_trend")
    assert running == results["firm"] == overview["figures"] == firm
    assert {**trend, **firm} == trend
    assert (progress["asked"], progress["votes"], progress["rate"]) == (4, 3, 75.0)
    (of_olga,) = [row for row in results["accountants"] if row["name"] == "Ольга Петрова" and row["votes"]]
    (of_client,) = [row for row in results["clients"] if row["votes"]]
    assert {key: of_client[key] for key in firm} == firm
    assert (of_olga["votes"], of_olga["average"]) == (3, 3.33)
    assert (results["open_cases"], results["comments"]) == (1, 0)


def test_comments_are_found_by_words_stars_and_whose_work_it_was(db: Connection, survey: UUID) -> None:
    of = delivery(db, survey, ROMASHKA)
    for who, stars, words in ((ANNA, 5, "Всё отлично"), (BORIS, 2, "Долго ждали АКТ")):
        vote(db, of, who, stars, monday("10:05"))
        comment(db, who, words, monday("10:06"))
    vote(db, of, VERA, 3, monday("10:07"))

    def found(**by: Any) -> list[str]:
        arguments = ", ".join(f"{key} => %s" for key in by)
        with acting_as(db, "manager"):
            rows = all_rows(db, f"select * from api.find_comments({arguments})", *by.values())
        return [row["comment"] for row in rows]

    assert sorted(found()) == ["Всё отлично", "Долго ждали АКТ"]
    assert found(query="акт") == found(most=3) == ["Долго ждали АКТ"]
    assert found(accountant=user_id(IVAN)) == []
    first = found(batch=1)
    with acting_as(db, "manager"):
        (row,) = all_rows(db, "select * from api.find_comments(batch => 1)")
    after = f'{{"created_at": "{row["created_at"].isoformat()}", "id": "{row["id"]}"}}'
    assert sorted(first + found(after=after)) == sorted(found())
