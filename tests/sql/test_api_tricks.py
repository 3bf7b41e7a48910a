"""PostgREST's tricks, and functions with others' ids: nothing shows what is not for the reader."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.matrix import PEOPLE
from tests.sql.firm import IVAN, STAFF, Connection, all_rows, user_id
from tests.sql.rows import FOREIGN, IVANS, PRIVATELY, TEXT, VOTER
from tests.sql.served import REFUSALS, Api, columns, views

SECRETS = {
    "manager": (PRIVATELY,),
    "accountant": (FOREIGN, VOTER, PRIVATELY),
    "observer": (TEXT, VOTER, PRIVATELY),
}
EMBEDS = ("client_requests(*)", "chat_messages(*)", "chats(*)", "users(*)", "clients(*)", "feedback_responses(*)")


def tricks(db: Connection, view: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Ways to ask for more than one is shown."""
    names = [column["name"] for column in columns(db, view)]
    texts = [column["name"] for column in columns(db, view) if column["type"] == "text"]
    yield f"{view}?select=*", {"Prefer": "count=exact"}
    yield f"{view}?select=*", {"Accept": "text/csv"}
    yield f"{view}?select=*,password,secret,xmin,ctid", {}
    yield f"{view}?order=quiet_from,superseded_at,working_seconds.desc", {}
    yield from ((f"{view}?select=*,{embed}", {}) for embed in EMBEDS)
    yield f"{view}?or=({','.join(f'{name}.not.is.null' for name in names)})", {}
    yield f"{view}?or=({names[0]}.is.null,{names[0]}.not.is.null)&order={names[-1]}.desc.nullslast", {}
    if "chat_id" in names:
        yield f"{view}?chat_id=eq.{IVANS}", {"Prefer": "count=exact"}
        yield f"{view}?or=(chat_id.eq.{IVANS},chat_id.eq.0)", {"Prefer": "count=planned"}
    yield from ((f"{view}?{name}=like.*{FOREIGN[:4]}*&select=*", {}) for name in texts[:3])


@pytest.mark.parametrize("role", SECRETS)
def test_i1_no_trick_shows_what_is_not_for_the_reader(real: Connection, api: Api, role: str) -> None:
    for view in views(real):
        for path, headers in tricks(real, view):
            answer = api.ask(role, "GET", path, **headers)
            assert answer.status_code < 500, (path, answer.text)
            for secret in SECRETS[role]:
                assert secret not in answer.text, (role, path)


def test_i1_the_words_that_betray_a_leak_are_there_for_whom_they_are_meant(real: Connection, api: Api) -> None:
    for role, view, word in (
        ("manager", "chats", FOREIGN),
        ("manager", "rpc/find_votes", VOTER),
        ("accountant", "chat_messages", TEXT),
        ("accountant2", "saved_views", PRIVATELY),
    ):
        assert word in api.ask(role, "GET", f"{view}?select=*").text, (role, view)


def test_i1_anothers_chat_answers_as_if_it_did_not_exist(real: Connection, api: Api) -> None:
    for view in ("chats", "chat_messages", "client_requests", "chat_members"):
        theirs = api.ask("accountant", "GET", f"{view}?chat_id=eq.{IVANS}", Prefer="count=exact")
        nobodys = api.ask("accountant", "GET", f"{view}?chat_id=eq.-1", Prefer="count=exact")
        assert (theirs.text, theirs.headers["content-range"]) == (nobodys.text, nobodys.headers["content-range"]), view


def functions(db: Connection) -> list[dict[str, Any]]:
    return all_rows(
        db,
        "select p.proname as name, coalesce(p.proargnames[1:p.pronargs], '{}') as names,"
        " array(select format_type(t, null) from unnest(p.proargtypes::oid[]) as t) as types"
        " from pg_proc as p where p.pronamespace = 'api'::regnamespace order by 1",
    )


def foreign_ids(db: Connection) -> list[str]:
    """Ids of Ivan's rows, and Ivan's own."""
    rows = all_rows(
        db,
        "select w.id::text from public.client_requests as w where w.chat_id = %s union all"
        " select a.id::text from public.sla_alerts as a join public.client_requests as w on w.id = a.request_id"
        " where w.chat_id = %s union all select c.id::text from public.chats as c where c.chat_id = %s union all"
        " select v.id::text from public.saved_views as v where v.name = %s",
        *(IVANS, IVANS, IVANS, PRIVATELY),
    )
    return [*(row["id"] for row in rows), str(user_id(IVAN))]


@pytest.mark.parametrize("role", ["accountant", "observer", "anon"])
def test_i1_no_function_acts_on_or_tells_of_anothers_ids(real: Connection, api: Api, role: str) -> None:
    def state() -> object:
        return all_rows(
            real,
            "select w.*, (select jsonb_agg(a) from public.sla_alerts as a where a.request_id = w.id) from"
            " public.client_requests as w where w.chat_id = %s",
            IVANS,
        ) + all_rows(real, "select role, active, telegram_id from public.users order by id")

    before = state()
    for function in functions(real):
        if "uuid" not in function["types"]:
            continue
        for one_id in foreign_ids(real):
            body = {
                name: one_id if kind == "uuid" else False if kind == "boolean" else "admin"
                for name, kind in zip(function["names"], function["types"], strict=True)
                if kind in ("uuid", "boolean", "text")
            }
            answer = api.ask(role, "POST", f"rpc/{function['name']}", body)
            assert answer.status_code < 500, (function["name"], answer.text)
            for secret in SECRETS.get(role, SECRETS["accountant"]):
                assert secret not in answer.text, (role, function["name"])
            assert role != "anon" or answer.status_code in (401, 403, 404), function["name"]
    assert state() == before


def test_i4_the_anon_key_alone_opens_nothing(real: Connection, api: Api) -> None:
    for view in views(real):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            assert api.ask("anon", method, view, {}).status_code in (401, 403, 404), (view, method)
    for function in functions(real):
        answer = api.ask("anon", "POST", f"rpc/{function['name']}", dict.fromkeys(function["names"]))
        assert answer.status_code in (401, 403, 404), function["name"]


def test_i2_a_person_cannot_become_more(real: Connection, api: Api) -> None:
    for role in PEOPLE:
        own = user_id(STAFF[role])
        for body in ({"role": "admin"}, {"active": True}, {"email": "a@b.test"}, {"telegram_id": 1}, {"id": str(own)}):
            answer = api.ask(role, "PATCH", f"users?id=eq.{own}", body)
            assert answer.json()["code"] in REFUSALS, (role, body)


def test_i2_nobody_writes_in_anothers_name(real: Connection, api: Api) -> None:
    for view, body in (
        ("templates", {"category": "777", "title": "x", "content": "x"}),
        ("faq_items", {"question": "x", "answer": "x"}),
        ("chat_segments", {"name": "x"}),
        ("broadcasts", {"title": "x", "content": "x"}),
        ("chat_invitations", {}),
    ):
        answer = api.ask("manager", "POST", view, {**body, "created_by": str(user_id(IVAN))})
        assert answer.json()["code"] == "42501", view
    answer = api.ask(
        "manager", "POST", "saved_views", {"page": "/x", "name": "x", "query": "x", "user_id": str(user_id(IVAN))}
    )
    assert answer.json()["code"] == "42501"
