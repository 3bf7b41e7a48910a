"""PostgREST as each identity sees it, and the same question asked in SQL."""

import json
from typing import Any

import httpx
import psycopg

from infra.local.matrix import PEOPLE
from tests.sql.firm import STAFF, Connection, acting_as, all_rows
from tests.stack import Stack

IDENTITIES = (*PEOPLE, "service_role", "anon")
REFUSALS = ("42501", "55000", "0A000")
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

    def token(self, role: str) -> str:
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
        key = self.token(role)
        apikey = self._keys["service_role"] if role == "service_role" else self._keys["anon"]
        own = {"apikey": apikey, "Authorization": f"Bearer {key}", **headers}
        return self._http.request(method, f"/{path}", headers=own, json=body)


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
