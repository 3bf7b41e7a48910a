"""What accountants and observers see of surveys, day after day, never leads to fewer than three (H10, P20)."""

import json
from collections import defaultdict
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    NIGHT,
    ROMASHKA,
    Connection,
    acting_as,
    all_rows,
    monday,
    one,
)
from tests.sql.surveys import act, comment, delivery, people, refused, send, start, vote

OTHERS = ["accountant", "observer"]
CHATS = (ROMASHKA, LEBEDEVA, NIGHT)
DAY = timedelta(days=1)
FEW = 3
Cast = tuple[int, int, int | None]
"""Chat, voter, stars or a withdrawal."""


def readable(db: Connection) -> list[str]:
    """Every view of `api`."""
    rows = all_rows(db, "select relname from pg_class where relnamespace = 'api'::regnamespace and relkind = 'v'")
    return [row["relname"] for row in rows]


def everything(db: Connection, role: str) -> dict[str, str]:
    """All that somebody reads: every view with its rows, and what the functions of feedback answer."""
    seen: dict[str, str] = {}
    with acting_as(db, role):
        for view in readable(db):
            if one(db, "select has_any_column_privilege(%s, 'select')", f"api.{view}"):
                columns = one(
                    db,
                    "select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = %s::regclass"
                    " and attnum > 0 and has_column_privilege(attrelid, attnum, 'select')",
                    f"api.{view}",
                )
                rows = all_rows(db, f"select {columns} from api.{view}")
                seen[view] = json.dumps(sorted(map(str, rows)))
        for function in ("survey_overview()", "feedback_trend()", "feedback_trend('after_answer')"):
            seen[function] = json.dumps(one(db, f"select api.{function}"))
    return seen


@pytest.mark.parametrize("role", OTHERS)
def test_h10_nothing_that_others_may_read_changes_with_a_vote_a_comment_or_a_withdrawal(
    db: Connection, role: str
) -> None:
    people(db, ROMASHKA, *range(3001, 3006))
    survey = start(db)
    send(db, monday("10:00"))
    of = delivery(db, survey, ROMASHKA)
    for who in range(3001, 3005):
        vote(db, of, who, 5, monday("10:01"))
    before = everything(db, role)
    assert before["feedback_surveys"] != "[]"
    vote(db, of, 3005, 1, monday("10:02"))
    assert everything(db, role) == before
    comment(db, 3005, "Долго", monday("10:03"))
    vote(db, of, 3001, None, monday("10:04"))
    assert everything(db, role) == before


@pytest.mark.parametrize("role", OTHERS)
def test_h10_others_learn_from_how_many_people_votes_could_come_neither_running_nor_ended(
    db: Connection, role: str
) -> None:
    """Three votes of three people would name them all."""
    people(db, ROMASHKA, 3001, 3002, 3003)
    survey = start(db)
    send(db, monday("10:00"))
    for who in (3001, 3002, 3003):
        vote(db, delivery(db, survey, ROMASHKA), who, 5, monday("10:01"))
    act(db, "close_survey", survey, monday("10:02"))
    (row,) = act(db, "survey_overview", role=role)
    assert (row["figures"]["voters"], row["figures"]["asked"], row["figures"]["rate"]) == (3, None, None)
    with refused(db, "not_allowed"):
        act(db, "survey_results", survey, role=role)
    assert act(db, "survey_results", survey)["firm"]["rate"] == 100


casts = st.lists(
    st.tuples(st.sampled_from(CHATS), st.integers(3001, 3007), st.one_of(st.integers(1, 5), st.none())), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(casts, min_size=2, max_size=4), role=st.sampled_from(OTHERS), ends=st.integers(1, 3))
def test_p20_no_combination_of_what_is_seen_day_after_day_tells_of_fewer_than_three(
    db: Connection, days: list[list[Cast]], role: str, ends: int
) -> None:
    with db.transaction(force_rollback=True):
        live: dict[tuple[UUID, int, int], int] = {}
        seen: list[dict[str, Any]] = []
        survey = start(db, monday("10:00"))
        send(db, monday("10:00"))
        for number, cast in enumerate(days):
            at = monday("11:00") + number * DAY
            if number == ends:
                act(db, "close_survey", survey, at)
                survey = start(db, at, days=("2026-04-01", "2026-04-05"), name="Второй")
                send(db, at)
            for chat, who, stars in cast:
                cast_one(db, live, survey, chat, who, stars, at + timedelta(minutes=1))
                seen += looks(db, role)
        act(db, "close_survey", survey, monday("12:00") + len(days) * DAY)
        seen += looks(db, role)
        assert_nothing_small_is_derivable(db, live, seen)


def cast_one(
    db: Connection,
    live: dict[tuple[UUID, int, int], int],
    survey: UUID,
    chat: int,
    who: int,
    stars: int | None,
    at: Any,
) -> None:
    of = delivery(db, survey, chat)
    if of["status"] != "sent":
        return
    vote(db, of, who, stars, at)
    live.pop((survey, chat, who), None)
    if stars is not None:
        live[survey, chat, who] = stars


def looks(db: Connection, role: str) -> list[dict[str, Any]]:
    with acting_as(db, role):
        return all_rows(
            db, "select survey_id, scope, accountant_id, voters, votes, distribution from api.feedback_summary"
        )


def assert_nothing_small_is_derivable(
    db: Connection, live: dict[tuple[UUID, int, int], int], seen: list[dict[str, Any]]
) -> None:
    """Each published row is a sum over people; no sum or difference of rows may be over one or two."""
    owners = {
        row["chat_id"]: row["assigned_accountant_id"]
        for row in all_rows(db, "select chat_id, assigned_accountant_id from public.chats")
    }
    shown: dict[tuple[UUID, str, UUID | None], str] = {}
    for row in seen:
        # Whatever day it was read: a published figure never changes.
        key, figures = (
            (row["survey_id"], row["scope"], row["accountant_id"]),
            json.dumps([row["voters"], row["distribution"]]),
        )
        assert shown.setdefault(key, figures) == figures
    by_survey: dict[UUID, list[set[tuple[int, int]]]] = defaultdict(list)
    for survey, scope, accountant in shown:
        by_survey[survey].append(
            {
                (chat, who)
                for (of, chat, who) in live
                if of == survey and (scope == "firm" or owners[chat] == accountant)
            }
        )
    for groups in by_survey.values():
        for signs in product((-1, 0, 1), repeat=len(groups)):
            weights: dict[tuple[int, int], int] = defaultdict(int)
            for sign, group in zip(signs, groups, strict=True):
                for one_vote in group:
                    weights[one_vote] += sign
            told_of = {who for (_, who), weight in weights.items() if weight}
            assert not told_of or len(told_of) >= FEW, (signs, groups)


def test_h10_what_erasing_a_client_leaves_still_tells_of_nobody(db: Connection) -> None:
    survey = start(db)
    send(db, monday("10:00"))
    for who, chat in ((ANNA, ROMASHKA), (BORIS, ROMASHKA), (3001, LEBEDEVA)):
        vote(db, delivery(db, survey, chat), who, 5, monday("10:01"))
    act(db, "close_survey", survey, monday("10:02"))
    before = looks(db, "observer")
    db.execute("select private.erase_votes(null, 'infinity')")
    assert looks(db, "observer") == before
    assert [row["scope"] for row in before] == ["firm"]
