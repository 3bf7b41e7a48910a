"""The matrix over the API, with real tokens: the same answer as SQL gives."""

import json
from typing import Any

from infra.local.matrix import NONE, PEOPLE, VERBS, promised
from tests.sql.firm import Connection, all_rows
from tests.sql.served import IDENTITIES, REFUSALS, Answer, Api, columns, in_sql, over_http, views

PROMISED = promised()


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
