"""Every function and every view of the API, asked about rows of others and about rows that there are none of (I1).

Both must be answered in the same words: a refusal tells as well, when it is another one for what exists. The lists are
read from the catalogue, and the ids from the tables, so that newcomers come in by themselves.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.sql.conftest import api, real
from tests.sql.firm import Connection, acting_as, all_rows
from tests.sql.served import Api, columns, views

__all__ = ["api", "real"]

MADE_UP: dict[str, Callable[[], Any]] = {"uuid": lambda: str(uuid4()), "bigint": lambda: -1007779999999}
DAY = "2026-04-06T10:00:00Z"
PLAIN: dict[str, Any] = {"text": "admin", "boolean": False, "integer": 50, "interval": "1 hour"}
# What a function would refuse, or find nothing by, whosever the id is: then nobody would have looked at the id.
MEANT: dict[str, Any] = {
    "by": "person",
    "step": "day",
    "period": "month",
    "act": "take",
    "classification": "request",
    "since": "2026-01-01T00:00:00Z",
    "until": "2027-01-01T00:00:00Z",
    **dict.fromkeys(("hour", "kind", "level", "light", "owner", "query", "rating", "reason", "state", "status")),
    **dict.fromkeys(("tier", "watched", "words", "action", "entity", "entity_id", "request")),
}
# Where a page of the log goes on: whatever the number, what follows is one's own.
PLACE = ("before_id", "bigint")
# A refusal of a value, before any look at what an id leads to; but `assignee_is_unknown` is one of the id.
UNREACHED = re.compile(r'"code":"(PT400|PT422|22...)"(?!.*_is_unknown")')
ROLES = ("accountant", "observer", "anon")
# Of each table: one row of another tells as much as two, and every function is asked about it.
ENOUGH = 1
CLOSED = "permission denied for"
MERGE = "resolution=merge-duplicates,return=representation"


def keys(db: Connection) -> list[dict[str, Any]]:
    """Columns of tables that hold somebody's key."""
    return all_rows(
        db,
        "select c.relname as name, a.attname as key, format_type(a.atttypid, null) as type from pg_attribute as a"
        " join pg_class as c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and a.attnum > 0"
        " and c.relkind = 'r' and not a.attisdropped and (a.atttypid = 'uuid'::regtype or a.attname = 'chat_id')",
    )


def hidden(db: Connection, role: str, name: str, key: str) -> list[Any]:
    """Some values of a table's column that there are and that somebody does not see."""
    query = "select distinct {} as id from {}.{} where {} is not null"
    there = {row["id"] for row in all_rows(db, query.format(key, "public", name, key))}
    try:
        with acting_as(db, role):
            there -= {row["id"] for row in all_rows(db, query.format(key, "api", name, key))}
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        pass  # then all of it is hidden
    return [str(one) if isinstance(one, UUID) else one for one in sorted(there)][:ENOUGH]


def shown(db: Connection, role: str) -> dict[str, set[Any]]:
    """Keys of whatever somebody sees as a thing of its own, in whichever view: who is in the firm is no secret."""
    keys: dict[str, set[Any]] = {"uuid": set(), "bigint": set()}
    with_id = [
        view for view in views(db) if "id" in {one["name"] for one in columns(db, view) if one["type"] == "uuid"}
    ]
    for view, key, kind in [*((view, "id", "uuid") for view in with_id), ("chats", "chat_id", "bigint")]:
        try:
            with acting_as(db, role):
                found = {row["key"] for row in all_rows(db, f"select {key} as key from api.{view}")}
        except psycopg.errors.InsufficientPrivilege:
            continue  # then none of it is shown
        keys[kind] |= {str(one) if isinstance(one, UUID) else one for one in found}
    return keys


def functions(db: Connection) -> list[dict[str, Any]]:
    """All whose arguments have names; a document without one is for the service alone, which another test sees to."""
    return all_rows(
        db,
        "select p.proname as name, p.proargnames[1:p.pronargs] as names,"
        " array(select format_type(t, null) from unnest(p.proargtypes::oid[]) as t) as types"
        " from pg_proc as p where p.pronamespace = 'api'::regnamespace"
        " and p.pronargs > 0 and p.proargnames is not null order by 1",
    )


def told(answer: httpx.Response, one_id: Any) -> tuple[int, str, str | None]:
    """Without the id itself, with which some refusals begin; its digits may stand in another's key, too.

    And without how long one's own clients wait, which grows while we ask.
    """
    itself = rf"(?<![\w-]){re.escape(str(one_id))}(?![\w-])"
    still = re.sub(r'(?<=_seconds":)\d+', "0", answer.text)
    return answer.status_code, re.sub(itself, "<id>", still), answer.headers.get("content-range")


def arguments(function: dict[str, Any], hole: str, one_id: Any) -> dict[str, Any]:
    """What could be right, and the id in one of the holes."""
    return {
        name: one_id if name == hole else MEANT.get(name, DAY if kind.startswith("timestamp") else PLAIN.get(kind))
        for name, kind in zip(function["names"], function["types"], strict=True)
    }


@pytest.mark.parametrize("role", ROLES)
def test_i1_a_function_tells_nothing_apart(real: Connection, api: Api, role: str) -> None:
    ids: dict[str, set[Any]] = {"uuid": set(), "bigint": set()}
    seen = shown(real, role)
    for key in keys(real):
        if key["key"] in {"id", "chat_id"}:
            ids[key["type"]] |= {*hidden(real, role, key["name"], key["key"])} - seen[key["type"]]
    assert len(ids["uuid"]) > 10 and ids["bigint"]
    for function in functions(real):
        for hole, kind in zip(function["names"], function["types"], strict=True):
            if kind not in ids or (hole, kind) == PLACE:
                continue
            path, twin = f"rpc/{function['name']}", MADE_UP[kind]()
            nothing = told(api.ask(role, "POST", path, arguments(function, hole, twin)), twin)
            assert nothing[0] < 500 and not UNREACHED.search(nothing[1]), (path, hole, nothing)
            # What is closed to the role altogether never looks at an id.
            for one_id in [*ids[kind]][: 1 if CLOSED in nothing[1] else None]:
                answer = told(api.ask(role, "POST", path, arguments(function, hole, one_id)), one_id)
                assert answer == nothing, (role, path, hole, one_id)


def requests(view: str, column: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Ways to ask for a row, to change it and to add another like it."""
    for method in ("PATCH", "DELETE", "GET"):
        yield method, f"{view}?{column}=eq.ID", {"Prefer": "return=representation,count=exact"}
    yield "HEAD", f"{view}?not.and=({column}.neq.ID)", {"Prefer": "count=exact"}
    yield "HEAD", f"{view}?{column}=eq.ID", {"Prefer": "count=planned"}
    yield "POST", view, {"Prefer": "return=minimal"}
    yield "POST", f"{view}?on_conflict={column}", {"Prefer": MERGE}
    yield "POST", f"{view}?on_conflict={column}", {"Prefer": "resolution=ignore-duplicates"}


@pytest.mark.parametrize("role", ROLES)
def test_i1_no_view_tells_apart_what_is_anothers_and_what_is_not_there(real: Connection, api: Api, role: str) -> None:
    """Read, changed, deleted, added and merged; by a key of others, and by one of nobody's."""
    asked = 0
    known, of_type = {(key["name"], key["key"]) for key in keys(real)}, {key["key"]: key["type"] for key in keys(real)}
    for view in views(real):
        for column in [column["name"] for column in columns(real, view) if (view, column["name"]) in known]:
            twin = MADE_UP[of_type[column]]()
            theirs = hidden(real, role, view, column)
            for method, path, headers in requests(view, column) if theirs else ():
                nothing, *answers = (
                    told(api.ask(role, method, path.replace("ID", str(one)), {column: one}, **headers), one)
                    for one in (twin, *theirs)
                )
                assert answers == [nothing] * len(theirs), (role, method, path, headers, theirs)
                asked += len(theirs)
    assert asked > 100


@pytest.mark.parametrize("guess", ["count=planned", "count=estimated", "handling=lenient, count=planned"])
def test_i1_nobody_is_told_what_the_planner_guesses_from_everybodys_rows(api: Api, guess: str) -> None:
    answer = api.ask("accountant", "GET", "chats?chat_name=eq.X", Prefer=guess)
    assert (answer.status_code, "only_exact_counts" in answer.text) == (400, True)
