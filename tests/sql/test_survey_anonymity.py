"""What accountants and observers see of surveys, day after day, never leads to fewer than three (H10, P20)."""

import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    NIGHT,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    monday,
    one,
    user_id,
)
from tests.sql.surveys import act, comment, delivery, people, refused, send, start, vote

OTHERS = ["accountant", "observer"]
CHATS = (ROMASHKA, LEBEDEVA, NIGHT)
QUARTER = timedelta(days=91)
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
    """Three votes of three people would name them all; of four, they name nobody."""
    people(db, ROMASHKA, 3001, 3002, 3003)
    first = start(db)
    send(db, monday("10:00"))
    three_vote(db, first, monday("10:00"))
    act(db, "close_survey", first, monday("10:02"))
    people(db, ROMASHKA, 3004)
    later = monday("10:00") + QUARTER
    second = start(db, later, days=("2026-04-01", "2026-04-05"), name="Второй")
    send(db, later)
    three_vote(db, second, later)
    act(db, "close_survey", second, later + timedelta(minutes=5))
    shown = {UUID(row["id"]): row["figures"] for row in act(db, "survey_overview", role=role)}
    assert shown[first] is None
    assert shown[second]["voters"] == FEW
    assert not {"asked", "votes", "rate"} & set(shown[second])
    with refused(db, "not_allowed"):
        act(db, "survey_results", first, role=role)
    assert act(db, "survey_results", first)["firm"]["rate"] == 100


def three_vote(db: Connection, survey: UUID, at: datetime) -> None:
    of = delivery(db, survey, ROMASHKA)
    for who, stars in ((3001, 5), (3002, 5), (3003, 3)):
        assert vote(db, of, who, stars, at + timedelta(minutes=1)) == "voted"


casts = st.lists(
    st.tuples(st.sampled_from(CHATS), st.integers(3001, 3009), st.one_of(st.integers(3, 5), st.none())), max_size=14
)
members = st.lists(st.tuples(st.sampled_from(CHATS), st.integers(3001, 3012)), max_size=10)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(casts, min_size=2, max_size=3),
    known=members,
    role=st.sampled_from(OTHERS),
    erased=st.sampled_from(CHATS),
    removed=st.sampled_from([OLGA, IVAN]),
)
def test_p20_no_combination_of_what_is_seen_day_after_day_tells_of_fewer_than_three(
    db: Connection, days: list[list[Cast]], known: list[tuple[int, int]], role: str, erased: int, removed: int
) -> None:
    """A survey a quarter; then a client is erased, and an accountant leaves for good."""
    with db.transaction(force_rollback=True):
        db.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [NIGHT])
        for chat, who in known:
            people(db, chat, who)
        seen: list[Row] = []
        for number, cast in enumerate(days):
            at = monday("10:00") + number * QUARTER
            survey = start(db, at, days=(f"2026-0{number + 1}-01", f"2026-0{number + 1}-05"), name=f"Опрос {number}")
            send(db, at)
            live = latest(db, survey, cast, at, role)
            ended = at + timedelta(hours=1)
            owners = owners_of_chats(db)
            act(db, "close_survey", survey, ended)
            shown = [row for row in looks(db, role) if row["survey_id"] == survey]
            assert_nothing_small_is_derivable(owners, live, chat_members(db), shown)
            assert [row for row in looks(db, role) if row not in shown] == seen
            seen = looks(db, role)
        db.execute("select private.erase_votes(array[%s::bigint], 'infinity')", [erased])
        db.execute("delete from public.chat_members where chat_id = %s", [erased])
        assert looks(db, role) == seen
        gone = user_id(removed)
        db.execute("update public.chats set assigned_accountant_id = null where assigned_accountant_id = %s", [gone])
        db.execute("delete from public.users where id = %s", [gone])
        assert looks(db, "observer") == [row for row in seen if row["accountant_id"] != gone]


def latest(db: Connection, survey: UUID, cast: list[Cast], at: datetime, role: str) -> dict[int, tuple[int, int]]:
    """Have them vote one after another, unseen; by person, the chat and the stars of the latest vote that lives."""
    live: dict[tuple[int, int], int] = {}
    before = looks(db, role)
    for number, (chat, who, stars) in enumerate(cast):
        vote(db, delivery(db, survey, chat), who, stars, at + timedelta(minutes=1, seconds=number))
        live.pop((chat, who), None)
        if stars is not None:
            live[chat, who] = stars
    assert looks(db, role) == before
    return {who: (chat, stars) for (chat, who), stars in live.items()}


def looks(db: Connection, role: str) -> list[Row]:
    with acting_as(db, role):
        return all_rows(
            db,
            "select survey_id, scope, accountant_id, figures from api.feedback_summary"
            " order by starts_on, scope, accountant_id",
        )


def owners_of_chats(db: Connection) -> dict[int, UUID | None]:
    rows = all_rows(
        db, "select chat_id, assigned_accountant_id from public.chats where chat_id = any (%s)", list(CHATS)
    )
    return {row["chat_id"]: row["assigned_accountant_id"] for row in rows}


def chat_members(db: Connection) -> set[tuple[int, int]]:
    rows = all_rows(db, "select chat_id, telegram_user_id from private.chat_voters")
    return {(row["chat_id"], row["telegram_user_id"]) for row in rows}


def assert_nothing_small_is_derivable(
    owners: dict[int, UUID | None],
    live: dict[int, tuple[int, int]],
    known: set[tuple[int, int]],
    shown: list[Row],
) -> None:
    """Each row is a sum over people; no sum or difference is over one or two, over one mind, or over all there are."""
    voters = {(who, owners[chat]): stars for who, (chat, stars) in live.items()}
    silent = {(who, owners[chat]) for chat, who in known if chat in owners and who not in live}
    groups = []
    for row in shown:
        within = {key for key in {*voters, *silent} if row["scope"] == "firm" or key[1] == row["accountant_id"]}
        stars = [voters[key] for key in within if key in voters]
        assert row["figures"]["distribution"] == [stars.count(number) for number in range(1, 6)]
        groups.append(within)
    for signs in product((-1, 0, 1), repeat=len(groups)):
        weights: Counter[tuple[int, UUID | None]] = Counter()
        for sign, group in zip(signs, groups, strict=True):
            for key in group:
                weights[key] += sign
        told = [voters[key] for key, weight in weights.items() if weight and key in voters]
        unheard = [key for key, weight in weights.items() if weight and key in silent]
        assert not told or (len(told) >= FEW and len(set(told)) > 1 and unheard), (signs, told, unheard)


def test_h10_what_erasing_a_client_leaves_still_tells_of_nobody(db: Connection) -> None:
    people(db, ROMASHKA, 3009)
    survey = start(db)
    send(db, monday("10:00"))
    for who, chat, stars in ((ANNA, ROMASHKA, 5), (BORIS, ROMASHKA, 4), (3001, LEBEDEVA, 4)):
        vote(db, delivery(db, survey, chat), who, stars, monday("10:01"))
    act(db, "close_survey", survey, monday("10:02"))
    before = looks(db, "observer")
    db.execute("select private.erase_votes(null, 'infinity')")
    assert looks(db, "observer") == before
    assert [row["scope"] for row in before] == ["firm"]
