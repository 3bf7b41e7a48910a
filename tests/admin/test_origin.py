"""Where a call comes from: one id through answer, log and audit, and the address of whoever asked."""

import json
from collections.abc import Mapping

import psycopg
import structlog
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from infra.supabase import Database, open_http
from tests.admin.process import Admin, Reader
from tests.stack import Stack


def log_lines(admin: Admin, request_id: str) -> list[str]:
    lines = [json.loads(line) for line in admin.log.splitlines() if line.startswith("{")]
    return [line["message"] for line in lines if line.get("request_id") == request_id]


def test_an_answer_bears_the_id_of_its_log_lines(admin: Admin, reader: Reader) -> None:
    answer = reader.sign_in("nobody@buhbot.test", "wrong")
    assert log_lines(admin, answer.headers["x-request-id"]) == ["sign_in_refused"]


def test_a_proxys_id_is_kept_and_nonsense_is_not(reader: Reader) -> None:
    for path in ("/login", "/nowhere", "/static/admin.css", "/health"):
        assert (
            reader.get(path, headers={"X-Request-Id": "from-the-proxy-1"}).headers["x-request-id"] == "from-the-proxy-1"
        )
        assert reader.get(path, headers={"X-Request-Id": "a b"}).headers["x-request-id"] not in ("", "a b")


async def test_every_call_carries_the_id_of_its_request_and_the_address_of_who_asks() -> None:
    sent: list[Mapping[str, str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        sent.append(request.headers)
        return web.json_response([])

    async with RawTestServer(answer) as front, open_http() as http:
        url = str(front.make_url("/"))
        database = Database(http, url, "key", "token", address="10.1.2.3")
        with structlog.contextvars.bound_contextvars(request_id="abcdef01"):
            await database.call("audit_head")
            await database.read("settings")
        await database.ping()
        await Database(http, url, "key").ping()
    origins = [(headers.get("x-request-id"), headers.get("x-client-address")) for headers in sent]
    assert origins == [("abcdef01", "10.1.2.3"), ("abcdef01", "10.1.2.3"), (None, "10.1.2.3"), (None, None)]


async def test_the_audit_keeps_them_and_what_the_gateway_saw(stack: Stack) -> None:
    own = int(stack.env["TELEGRAM_BOT_TOKEN"].partition(":")[0])
    async with open_http() as http:
        url, key = stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"]
        database = Database(http, url, key, address="10.1.2.3")
        with structlog.contextvars.bound_contextvars(request_id="abcdef01-origin"):
            await database.call("note_bot", telegram_id=own, username="renamed_bot", reads_all=True)
        await database.call("note_bot", telegram_id=own, username="buhbot_local_bot", reads_all=False)
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        found = db.execute(
            "select actor_role, address, forwarded_for from public.audit_log where request_id = 'abcdef01-origin'"
        ).fetchall()
    ((role, address, forwarded_for),) = found
    assert (role, address) == ("service_role", "10.1.2.3")
    assert forwarded_for.endswith("127.0.0.1")
