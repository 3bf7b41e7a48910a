"""Whom a field for a person offers: everybody of a small firm; of a large one who is found by a word."""

from typing import Any

import pytest

from tests.sql.asking import asked
from tests.sql.firm import ADMIN, ANNA, IVAN, MARIA, OLGA, PETR, Connection, ingest, monday, one, said, user_id, window

PAGES = ("find_requests()", "alerts_page()", "audit_page()", "report_choices()")
GROWN = """
  insert into public.users (id, email, role, full_name)
  select gen_random_uuid(), 'many' || n || '@firm.test', 'accountant', 'Ирина Многих ' || n
  from generate_series(1, 60) as n
"""


def offered(page: dict[str, Any]) -> set[str]:
    return {person["id"] for person in page["people"]}


def find(db: Connection, *values: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(db, PETR, f"find_people({', '.join(['%s'] * len(values))})", *values)
    return found


def test_a_small_firm_is_offered_whole(db: Connection) -> None:
    db.execute("update public.users set active = false where id = %s", [user_id(IVAN)])
    workers, gone, observer = (
        {str(user_id(who)) for who in (ADMIN, PETR, OLGA)},
        str(user_id(IVAN)),
        str(user_id(MARIA)),
    )
    pages = [asked(db, ADMIN, page) for page in PAGES]
    assert [page["many_people"] for page in pages] == [False] * len(PAGES)
    everybody = workers | {gone, observer}
    assert [offered(page) for page in pages] == [workers, workers, everybody, everybody - {observer}]
    # Who left comes last.
    assert [page["people"][-1]["id"] for page in pages[2:]] == [gone, gone]


def test_of_a_large_firm_nobody_is_offered_unasked(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    db.execute(GROWN)
    desk = asked(db, ADMIN, "request_desk(%s)", window(db)["id"])
    for page in (desk, *(asked(db, ADMIN, page) for page in PAGES)):
        assert (page["people"], page["many_people"]) == ([], True)


def test_people_are_found_by_their_words_beside_those_who_are_chosen(db: Connection) -> None:
    db.execute(GROWN)
    found = find(db, "петр ОЛЬ")
    assert [person["name"] for person in found["people"]] == ["Ольга Петрова"]
    assert (found["chosen"], found["has_more"]) == ([], False)
    many = find(db, "многих", "workers", [user_id(MARIA), user_id(OLGA)])
    assert (len(many["people"]), many["has_more"]) == (50, True)
    # Whoever is chosen is named, whatever they are; and once.
    assert {person["id"] for person in many["chosen"]} == {str(user_id(MARIA)), str(user_id(OLGA))}
    assert not find(db, "ольга", "workers", [user_id(OLGA)])["people"]
    assert not find(db, " ")["people"]


@pytest.mark.parametrize(("among", "seen"), [("workers", set()), ("answering", {IVAN}), ("everybody", {IVAN, MARIA})])
def test_they_are_looked_for_among_those_who_may_be_chosen(db: Connection, among: str, seen: set[int]) -> None:
    db.execute("update public.users set active = false where id = %s", [user_id(IVAN)])
    names = [one(db, "select full_name from public.users where id = %s", user_id(who)) for who in (IVAN, MARIA)]
    found = {person["id"] for name in names for person in find(db, name, among)["people"]}
    assert found == {str(user_id(who)) for who in seen}
