"""The long lists of surveys and feedback: whole, in order, page by page, for those who run the firm."""

import json
from datetime import timedelta

from tests.sql.firm import ANNA, BORIS, LEBEDEVA, ROMASHKA, STAFF, Connection, Row, acting_as, all_rows, monday
from tests.sql.surveys import act, delivery, send, start, vote

PEOPLE = (*range(880_000_001, 880_000_006), ANNA, BORIS)


def answered(db: Connection) -> str:
    """A survey in which seven people of a chat gave one to five stars, one after another."""
    survey = start(db)
    send(db, monday("10:00"))
    for nth, who in enumerate(PEOPLE):
        vote(db, delivery(db, survey, ROMASHKA), who, 1 + nth % 5, monday("11:00") + timedelta(minutes=nth // 2))
    return str(survey)


def walk(db: Connection, function: str, instant: str, role: str = "manager", **asked: object) -> list[Row]:
    """All rows of a list, two by two."""
    found: list[Row] = []
    arguments = "".join(f", {name} => %s" for name in asked)
    with acting_as(db, role):
        while True:
            last = found[-1] if found else None
            after = json.dumps({"id": str(last["id"]), instant: last[instant].isoformat()}) if last else None
            query = f"select * from api.{function}(batch => 2, after => %s{arguments})"
            rows = all_rows(db, query, after, *asked.values())
            found += rows
            if len(rows) < 2:
                return found


def test_votes_come_page_by_page_and_none_is_missed_or_shown_twice(db: Connection) -> None:
    survey = answered(db)
    found = walk(db, "find_votes", "created_at", survey=survey)
    assert sorted(row["telegram_user_id"] for row in found) == sorted(PEOPLE)
    assert [row["created_at"] for row in found] == sorted((row["created_at"] for row in found), reverse=True)
    assert {row["rating"] for row in walk(db, "find_votes", "created_at", survey=survey, rating=2)} == {2}
    client = found[0]["client_id"]
    assert len(walk(db, "find_votes", "created_at", client=client)) == len(PEOPLE)


def test_cases_come_page_by_page_by_their_state(db: Connection) -> None:
    survey = answered(db)
    cases = walk(db, "find_cases", "opened_at", survey=survey)
    assert sorted(case["rating"] for case in cases) == [1, 1, 2, 2, 3]
    act(db, "resolve_case", cases[0]["id"], "talked")
    assert len(walk(db, "find_cases", "opened_at")) == 4
    assert [case["id"] for case in walk(db, "find_cases", "opened_at", state="resolved")] == [cases[0]["id"]]
    assert len(walk(db, "find_cases", "opened_at", state="all")) == 5


def test_deliveries_come_page_by_page_by_the_name_of_the_chat(db: Connection) -> None:
    db.execute("update public.chats set asked_for_ratings = false where chat_id = %s", [LEBEDEVA])
    survey = answered(db)
    query = "select * from api.find_deliveries(%s, after_name => %s, after_id => %s, batch => 2)"
    found: list[Row] = []
    with acting_as(db, "manager"):
        while True:
            last = found[-1] if found else {"chat_name": None, "id": None}
            rows = all_rows(db, query, survey, last["chat_name"], last["id"])
            found += rows
            if len(rows) < 2:
                break
        skipped = all_rows(db, "select * from api.find_deliveries(%s, 'skipped', 'opted_out')", survey)
    assert {row["chat_id"] for row in found} >= {ROMASHKA, LEBEDEVA}
    assert len({row["id"] for row in found}) == len(found)
    assert [row["chat_id"] for row in skipped] == [LEBEDEVA]


def test_the_lists_are_empty_for_who_may_not_know_who_voted(db: Connection) -> None:
    survey = answered(db)
    for role in {*STAFF} - {"admin", "manager"}:
        with acting_as(db, role):
            for function in ("find_votes(survey => %s)", "find_cases(survey => %s)", "find_deliveries(%s)"):
                assert all_rows(db, f"select * from api.{function}", survey) == [], (role, function)
