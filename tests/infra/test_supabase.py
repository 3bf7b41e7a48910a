"""Calls of the database's functions: what travels, and what becomes of every answer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiohttp import web
from markupsafe import Markup

from infra.supabase import Database, Refused, Unavailable, open_http


class Front:
    """Stands where PostgREST does: keeps what was asked, and gives the one answer."""

    def __init__(self) -> None:
        self.status, self.answer = 200, "null"
        self.headers: Mapping[str, str] = {}
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.asked: list[tuple[str, Mapping[str, str], Any]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers, await request.json()))
        await self.speaks.wait()
        return web.Response(status=self.status, text=self.answer, headers=self.headers)


@pytest.fixture
def front() -> Front:
    return Front()


@pytest.fixture
async def database(front: Front) -> AsyncIterator[Database]:
    app = web.Application()
    app.router.add_post("/rest/v1/rpc/{function}", front.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with open_http() as http:
        yield Database(http, f"http://{host}:{port}/", "key", "token", address="2001:db8::7")
    await runner.cleanup()


async def test_a_call_says_for_whom_and_what_it_asks(front: Front, database: Database) -> None:
    with structlog.contextvars.bound_contextvars(request_id="abcdef01"):
        await database.call("greet", telegram_id=7)
    await asyncio.create_task(database.call("greet"))
    (path, headers, given), (_, later, nothing) = front.asked
    assert (path, given, nothing) == ("/rest/v1/rpc/greet", {"telegram_id": 7}, {})
    assert (headers["apikey"], headers["Authorization"], headers["Content-Profile"]) == ("key", "Bearer token", "api")
    assert (headers["X-Client-Address"], headers["X-Request-Id"]) == ("2001:db8::7", "abcdef01")
    assert (headers["Content-Type"], "X-Request-Id" in later) == ("application/json", False)


async def test_whatever_stands_for_a_value_of_json_travels_as_one(front: Front, database: Database) -> None:
    number = UUID(int=7)
    await database.call(
        "any",
        id=number,
        on=date(2026, 4, 6),
        at=datetime(2026, 4, 6, 9, tzinfo=UTC),
        words=Markup("<b>Ёж</b>"),
        row=MappingProxyType({"a": (1, None)}),
        huge=2**70,
    )
    ((_, _, given),) = front.asked
    assert datetime.fromisoformat(given.pop("at")) == datetime(2026, 4, 6, 9, tzinfo=UTC)
    assert given == {
        "id": str(number),
        "on": "2026-04-06",
        "words": "<b>Ёж</b>",
        "row": {"a": [1, None]},
        "huge": 2**70,
    }


@pytest.mark.parametrize(
    ("status", "answer", "value"), [(200, '[{"a": "ё"}]', [{"a": "ё"}]), (200, "null", None), (204, "", None)]
)
async def test_what_the_function_returns_is_returned(
    front: Front, database: Database, status: int, answer: str, value: Any
) -> None:
    front.status, front.answer = status, answer
    assert await database.call("any") == value


async def test_a_refusal_is_told_by_its_key(front: Front, database: Database) -> None:
    front.status, front.answer = 409, '{"code": "PT409", "message": "case_is_taken", "details": "Ольга", "hint": null}'
    with pytest.raises(Refused) as refused:
        await database.call("any")
    assert (refused.value.key, refused.value.code, refused.value.detail) == ("case_is_taken", "PT409", "Ольга")


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (503, '{"message": "the service behind the gateway does not answer"}', ""),
        (500, '{"code": "40P01", "message": "deadlock"}', "40P01"),
        (502, "<html>", "502"),
        (504, '{"code": 1}', "504"),
    ],
)
async def test_whoever_else_answers_says_that_the_database_is_away(
    front: Front, database: Database, status: int, answer: str, reason: str
) -> None:
    front.status, front.answer = status, answer
    with pytest.raises(Unavailable, match=f"^{reason}$"):
        await database.call("any")


async def test_a_call_goes_where_it_is_sent_and_keeps_no_cookie(front: Front, database: Database) -> None:
    front.status, front.headers = 307, {"Location": "/rest/v1/rpc/elsewhere", "Set-Cookie": "whose=hers"}
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await database.call("any")
        assert refused.value.code == "307"
    assert [(path, "Cookie" in headers) for path, headers, _ in front.asked] == [("/rest/v1/rpc/any", False)] * 2


async def test_a_call_that_takes_too_long_is_given_up(front: Front, database: Database) -> None:
    front.speaks.clear()
    async with open_http(0.05) as hasty:
        with pytest.raises(Unavailable, match="Timeout"):
            await database.over(hasty).call("any")
    front.speaks.set()
    assert await database.call("any") is None
