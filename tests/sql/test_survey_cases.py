"""Low ratings and the digest: who hears what, once, and who does not (H3)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    acting_as,
    all_rows,
    deliver,
    ingest,
    monday,
    moscow,
    one,
    said,
    settle,
    user_id,
)
from tests.sql.surveys import act, comment, delivery, draft, people, refused, send, signed_in, start, status, vote

HOUR = timedelta(hours=1)
# Who loses a role loses it at the real time.
NEXT_MONTH = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def survey(db: Connection) -> UUID:
    found = start(db)
    send(db, monday("10:00"))
    return found


@pytest.fixture
def asked(db: Connection, survey: UUID) -> Row:
    return delivery(db, survey, ROMASHKA)


def delivered(db: Connection, at: Any) -> list[Row]:
    with signed_in(db, "service_role"):
        return deliver(db, at)


def told(db: Connection, at: Any, kind: str = "low_rating") -> list[tuple[int, int | None, str | None]]:
    """(whom, stars, comment) of the alerts that go out now."""
    return [
        (row["recipient_chat_id"], row["facts"].get("rating"), row["facts"].get("comment"))
        for row in delivered(db, at)
        if row["kind"] == kind
    ]


def case(db: Connection) -> Row:
    with acting_as(db, "manager"):
        (row,) = all_rows(db, "select * from api.feedback_cases")
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


def test_the_owners_own_managers_are_told_else_all_and_never_an_accountant(db: Connection, asked: Row) -> None:
    db.execute(
        "insert into public.absences (user_id, during, substitute_id)"
        " select %s, tstzrange('2026-04-01', '2026-05-01'), %s",
        [user_id(PETR), user_id(IVAN)],
    )
    vote(db, asked, ANNA, 1, monday("10:05"))
    ((whom, _, _),) = told(db, monday("10:05"))
    assert whom == PETR
    db.execute(
        "update public.users set unreachable_since = now(), unreachable_because = 'blocked' where role = 'manager'"
    )
    vote(db, asked, BORIS, 1, monday("10:06"))
    assert {row[0] for row in told(db, monday("10:06"))} == {ADMIN}


def test_an_alert_that_does_not_reach_the_manager_goes_to_the_next_in_line(db: Connection, asked: Row) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    (message,) = [row for row in one(db, "select api.claim_outbox(%s)", monday("10:05")) if row["kind"] == "low_rating"]
    settle(db, monday("10:05"), message, "blocked", error="Forbidden: bot was blocked by the user")
    assert [row[0] for row in told(db, monday("10:06"))] == [ADMIN]


@pytest.mark.parametrize("change", ["role = 'accountant'", "active = false", "telegram_id = null"])
def test_who_is_in_charge_no_longer_is_told_nothing_that_waited_and_who_is_now_is(
    db: Connection, survey: UUID, asked: Row, change: str
) -> None:
    db.execute("update public.settings set head_id = %s", [user_id(PETR)])
    db.execute("update public.users set quiet_from = '00:00', quiet_until = '23:59' where id = %s", [user_id(PETR)])
    vote(db, asked, ANNA, 1, monday("10:05"))
    act(db, "close_survey", survey, monday("11:00"))
    assert delivered(db, monday("11:01")) == []
    db.execute(f"update public.users set {change} where id = %s", [user_id(PETR)])
    heard = [(row["recipient_chat_id"], row["kind"]) for row in delivered(db, NEXT_MONTH)]
    assert sorted(heard) == [(ADMIN, "low_rating"), (ADMIN, "survey_digest")]


def test_what_another_manager_was_told_nobody_else_is_told_in_place_of_the_first(db: Connection, asked: Row) -> None:
    db.execute("update public.users set role = 'manager' where id = %s", [user_id(IVAN)])
    db.execute(
        "insert into public.manager_accountants (manager_id, accountant_id) select id, %s from public.users"
        " where role = 'manager' on conflict do nothing",
        [user_id(OLGA)],
    )
    db.execute("update public.users set quiet_from = '00:00', quiet_until = '23:59' where id = %s", [user_id(PETR)])
    vote(db, asked, ANNA, 1, monday("10:05"))
    assert [row[0] for row in told(db, monday("10:05"))] == [IVAN]
    db.execute("update public.users set role = 'observer' where id = %s", [user_id(PETR)])
    assert told(db, NEXT_MONTH) == []


def test_a_case_has_an_owner_a_note_and_a_resolution_and_the_acts_are_recorded(
    db: Connection, asked: Row, seen: int
) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    found = case(db)["id"]
    with refused(db, "not_allowed"):
        act(db, "take_case", found, role="accountant")
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


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_nobody_else_reads_cases_votes_or_deliveries(db: Connection, asked: Row, role: str) -> None:
    vote(db, asked, ANNA, 1, monday("10:05"))
    with acting_as(db, role):
        for view in ("feedback_cases", "feedback_responses", "survey_deliveries"):
            assert one(db, f"select count(*) from api.{view}") == 0
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


def test_answers_are_rated_when_the_firm_wants_it_at_most_once_a_week_per_chat(db: Connection) -> None:
    def ask_and_answer(day: str) -> None:
        ingest(db, said(ANNA, moscow(f"{day} 10:00")), said(OLGA, moscow(f"{day} 10:20"), "Готово"))

    ask_and_answer("2026-04-06")
    assert send(db, monday("10:31")) == []
    db.execute("update public.settings set rate_after_answer = true")
    assert send(db, monday("10:25")) == []
    (message,) = send(db, monday("10:31"))
    assert message["recipient_chat_id"] == ROMASHKA
    assert message["facts"]["kind"] == "after_answer"
    assert message["facts"]["number"] == one(db, "select max(number) from public.client_requests")
    ask_and_answer("2026-04-10")
    ask_and_answer("2026-04-13")
    assert send(db, moscow("2026-04-10 10:31")) == send(db, moscow("2026-04-13 10:30")) == []
    ask_and_answer("2026-04-14")
    (message,) = send(db, moscow("2026-04-14 10:31"))
    survey = one(db, "select survey_id from public.survey_deliveries where id = %s", message["facts"]["delivery"])
    vote(db, delivery(db, survey, ROMASHKA), ANNA, 2, moscow("2026-04-14 10:35"))
    assert [row[0] for row in told(db, moscow("2026-04-14 10:35"))] == [PETR]
    # A campaign of the same days goes on beside it.
    assert status(db, draft(db, ("2026-04-13", "2026-04-14"))) == "draft"
