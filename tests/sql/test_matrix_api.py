"""The matrix over the API, with real tokens: the same answer as SQL gives, and nothing by way of PostgREST's tricks."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from infra.local.matrix import NONE, PEOPLE, VERBS, promised
from tests.sql.firm import IVAN, STAFF, Connection, acting_as, all_rows, user_id
from tests.sql.rows import FOREIGN, IVANS, PRIVATELY, TEXT, VOTER, add_rows, remove_rows
from tests.stack import Stack

IDENTITIES = (*PEOPLE, "service_role", "anon")
REFUSALS = ("42501", "55000", "0A000")
METHODS = {"select": "GET", "insert": "POST", "update": "PATCH", "delete": "DELETE"}
PROMISED = promised()
Answer = tuple[int, str | None]
"""How many rows were reached, and with which code it was refused."""


class Api:
    """PostgREST as each of the identities sees it."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.env["SUPABASE_URL"]
        self._keys = {"anon": stack.env["SUPABASE_ANON_KEY"], "service_role": stack.env["SUPABASE_SERVICE_ROLE_KEY"]}
        self._http = httpx.Client(base_url=f"{self._url}/rest/v1", timeout=20)

    def close(self) -> None:
        self._http.close()

    def _key(self, role: str) -> str:
        """Return a real token: people sign in, once."""
        if role not in self._keys:
            said = httpx.post(
                f"{self._url}/auth/v1/token?grant_type=password",
                headers={"apikey": self._keys["anon"]},
                json={"email": f"{role}@buhbot.test", "password": "buhbot-demo-2026"},
                timeout=20,
            )
            self._keys[role] = said.json()["access_token"]
        return self._keys[role]

    def ask(self, role: str, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        key = self._key(role)
        apikey = self._keys["service_role"] if role == "service_role" else self._keys["anon"]
        own = {"apikey": apikey, "Authorization": f"Bearer {key}", **headers}
        return self._http.request(method, f"/{path}", headers=own, json=body)


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[Api]:
    found = Api(stack)
    yield found
    found.close()


@pytest.fixture(scope="module")
def real(stack: Stack) -> Iterator[Connection]:
    """The firm with rows in every table, for all to see."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        with db.transaction():
            remove_rows(db)
            add_rows(db)
        yield db
        with db.transaction():
            remove_rows(db)


def views(db: Connection) -> list[str]:
    found = "select relname from pg_class where relnamespace = 'api'::regnamespace and relkind = 'v' order by 1"
    return [row["relname"] for row in all_rows(db, found)]


def columns(db: Connection, view: str) -> list[dict[str, Any]]:
    """Columns with what people may do to them, changeable ones first."""
    return all_rows(
        db,
        "select a.attname as name, format_type(a.atttypid, null) as type,"
        " has_column_privilege('authenticated', a.attrelid, a.attnum, 'update') as changeable"
        " from pg_attribute as a where a.attrelid = %s::regclass and a.attnum > 0 order by 3 desc, a.attnum",
        f"api.{view}",
    )


def in_sql(db: Connection, role: str, statement: str, *values: Any) -> Answer:
    try:
        with acting_as(db, role):
            if role not in STAFF:
                db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"role": role})])
            return db.execute(statement.encode(), values).rowcount, None
    except psycopg.Error as error:
        return 0, error.sqlstate


def over_http(answer: httpx.Response) -> Answer:
    if answer.is_success:
        # A row that was added is not sent back: who may add may not read, always.
        return len(answer.json()) if answer.content else 1, None
    return 0, answer.json().get("code")


def test_p16_i2_every_role_counts_the_same_rows_over_the_api_as_in_sql(real: Connection, api: Api) -> None:
    for view in views(real):
        for role in IDENTITIES:
            expected, refusal = in_sql(real, role, f"select from api.{view}")
            answer = api.ask(role, "GET", f"{view}?limit=1", Prefer="count=exact")
            if refusal:
                assert answer.status_code in (401, 403), (view, role)
            else:
                assert int(answer.headers["content-range"].split("/")[1]) == expected, (view, role)


def both(api: Api, db: Connection, role: str, statement: str, *values: Any, **request: Any) -> tuple[Answer, Answer]:
    """What SQL answers to somebody, and what the API does."""
    prefer = "return=minimal" if request["method"] == "POST" else "return=representation"
    return in_sql(db, role, statement, *values), over_http(api.ask(role, **request, Prefer=prefer))


def test_i2_every_role_changes_the_same_rows_over_the_api_as_in_sql(real: Connection, api: Api) -> None:
    for view in views(real):
        first = columns(real, view)[0]
        column = first["name"]
        by_key = first["changeable"]
        for row in all_rows(real, f"select id, {column} from api.{view} order by id limit 3") if by_key else [{}]:
            # To what it is already: who may is the question.
            body = json.loads(json.dumps({column: row.get(column)}, default=str))
            path, where = (
                (f"{view}?id=eq.{row['id']}", "id = %s") if row else (f"{view}?{column}=is.null", f"{column} is null")
            )
            for role in IDENTITIES:
                statement = f"update api.{view} set {column} = {column} where {where}"
                sql, http = both(
                    api, real, role, statement, *([row["id"]] if row else []), method="PATCH", path=path, body=body
                )
                assert http == sql, (view, role)


def test_i2_every_role_may_add_over_the_api_what_it_may_in_sql(real: Connection, api: Api) -> None:
    for view in views(real):
        for role in IDENTITIES:
            statement = f"insert into api.{view} default values"
            sql, http = both(api, real, role, statement, method="POST", path=view, body={})
            assert http == sql, (view, role)


def test_i2_every_role_may_delete_over_the_api_what_it_may_in_sql(real: Connection, api: Api) -> None:
    for view in views(real):
        column = columns(real, view)[-1]["name"]
        for role in IDENTITIES:
            statement = f"delete from api.{view} where {column} is null and {column} is not null"
            path = f"{view}?{column}=is.null&{column}=not.is.null"
            sql, http = both(api, real, role, statement, method="DELETE", path=path)
            assert http == sql, (view, role)


def test_i2_a_view_gives_people_what_the_portrait_of_its_table_says(real: Connection) -> None:
    """The two sides above are equal; this ties them to the matrix."""
    said = {
        (view, role, verb): PROMISED[view, role, verb] != NONE
        for view in views(real)
        if (view, "admin", "select") in PROMISED
        for role in PEOPLE
        for verb in VERBS
    }
    statements = {
        "select": "select from api.{view}",
        "insert": "insert into api.{view} default values",
        "update": "update api.{view} set {column} = {column} where false",
        "delete": "delete from api.{view} where false",
    }
    for (view, role, verb), may in said.items():
        statement = statements[verb].format(view=view, column=columns(real, view)[0]["name"])
        refused = in_sql(real, role, statement)[1] in REFUSALS
        if may and view not in ("chat_segment_chats", "chat_segment_accountants"):
            assert not refused, (view, role, verb)
        elif not may and verb in ("insert", "select"):
            assert refused or in_sql(real, role, statement)[0] == 0, (view, role, verb)


# --- PostgREST's tricks ---------------------------------------------------------------------------------------------

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
        ("manager", "feedback_responses", VOTER),
        ("accountant", "chat_messages", TEXT),
        ("accountant2", "saved_views", PRIVATELY),
    ):
        assert word in api.ask(role, "GET", f"{view}?select=*").text, (role, view)


def test_i1_anothers_chat_answers_as_if_it_did_not_exist(real: Connection, api: Api) -> None:
    for view in ("chats", "chat_messages", "client_requests", "requests_awaiting_answer", "chat_members"):
        theirs = api.ask("accountant", "GET", f"{view}?chat_id=eq.{IVANS}", Prefer="count=exact")
        nobodys = api.ask("accountant", "GET", f"{view}?chat_id=eq.-1", Prefer="count=exact")
        assert (theirs.text, theirs.headers["content-range"]) == (nobodys.text, nobodys.headers["content-range"]), view


def functions(db: Connection) -> list[dict[str, Any]]:
    return all_rows(
        db,
        "select p.proname as name, p.proargnames[1:p.pronargs] as names,"
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
        for method in METHODS.values():
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
