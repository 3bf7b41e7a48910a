"""The webhook from outside: what it refuses, what it takes, and that it takes it once."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.intake import UPDATES
from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ACCOUNTANT, MANAGER, ClientChat

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
def telegram(stack: Stack) -> dict[str, str]:
    """Headers as Telegram sends them."""
    return {SECRET_HEADER: stack.env["TELEGRAM_WEBHOOK_SECRET"], "Content-Type": "application/json"}


def question(chat: ClientChat, **more: Any) -> dict[str, Any]:
    message = {
        "message_id": secrets.randbelow(10**9) + 1,
        "date": int(time.time()),
        "chat": {"id": chat.id, "type": "supergroup", "title": chat.title},
        "from": {"id": chat.client, "is_bot": False, "first_name": "Анна"},
        "text": "Где акт?",
    }
    return {"update_id": secrets.randbelow(10**12), "message": {**message, **more}}


async def post(stack: Stack, headers: dict[str, str], body: bytes) -> int:
    async with httpx.AsyncClient(timeout=30) as client:
        return (await client.post(f"{stack.urls['bot']}/webhook", headers=headers, content=body)).status_code


async def counted(stack: Stack, sample: str) -> float:
    async with httpx.AsyncClient() as client:
        metrics = (await client.get(f"{stack.urls['bot']}/metrics")).text
    found = re.search(rf"^{re.escape(sample)} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("secret", [b"wrong", b"", "секрет".encode(), b"\xff\xfe", None])
async def test_a19_a_wrong_or_missing_secret_is_403_and_stores_nothing(
    stack: Stack, chat: ClientChat, secret: bytes | None
) -> None:
    async with httpx.AsyncClient() as client:
        headers = [(SECRET_HEADER.encode(), secret)] if secret is not None else []
        answer = await client.post(f"{stack.urls['bot']}/webhook", headers=headers, json=question(chat))
    assert (answer.status_code, chat.messages) == (403, [])


async def test_a19_an_oversized_body_is_413_and_stores_nothing(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    body = json.dumps(question(chat, text="я" * 2_000_000)).encode()
    before = await counted(stack, 'buhbot_webhook_refused_total{status="413"}')
    assert (await post(stack, telegram, body), chat.messages) == (413, [])
    assert await counted(stack, 'buhbot_webhook_refused_total{status="413"}') == before + 1


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"5", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"update_id": 1']
)
async def test_a19_what_is_not_an_update_is_400(stack: Stack, telegram: dict[str, str], body: bytes) -> None:
    assert await post(stack, telegram, body) == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_only_post_is_taken(stack: Stack, telegram: dict[str, str], method: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, f"{stack.urls['bot']}/webhook", headers=telegram)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_body_in_pieces_is_one_body(stack: Stack, chat: ClientChat, telegram: dict[str, str]) -> None:
    body = json.dumps(question(chat, text="я" * 100_000)).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(f"{stack.urls['bot']}/webhook", headers=telegram, content=pieces())
    assert (answer.status_code, len(chat.messages[0]["message_text"])) == (200, 100_000)


async def test_telegram_is_told_what_to_bring_and_to_bring_it_at_once(sim: SimulatorClient) -> None:
    told = await sim.get("status")
    assert (sorted(told["allowed_updates"]), told["webhook"]["max_connections"]) == (sorted(UPDATES), 100)


async def test_the_database_knows_the_bot_and_that_it_takes_messages_in(stack: Stack, chat: ClientChat) -> None:
    own = int(stack.env["TELEGRAM_BOT_TOKEN"].partition(":")[0])
    assert until(lambda: chat.rows("select bot_telegram_id as id from public.settings") == [{"id": own}], 10)
    assert until(lambda: bool(chat.rows("select 1 as one from public.intake_coverage")), 10)


async def test_edits_reactions_and_memberships_are_recorded(sim: SimulatorClient, chat: ClientChat) -> None:
    said = await chat.ask("Где отчёт?")
    await sim.edit(chat.client, said, "/start")
    await sim.react(ACCOUNTANT, said, "👀")
    await sim.post("remove_bot", chat_id=chat.id, by=ACCOUNTANT)
    await sim.until_delivered()
    versions = chat.rows(
        "select edit_version from public.chat_messages where chat_id = %s and message_id = %s", chat.id, said.message_id
    )
    assert sorted(row["edit_version"] for row in versions) == [0, 1]
    assert chat.rows("select emoji from public.message_reactions where chat_id = %s", chat.id) == [{"emoji": "👀"}]
    assert chat.rows("select bot_status from public.chats where chat_id = %s", chat.id)[0]["bot_status"] in {
        "left",
        "kicked",
    }
    assert [message.words for message in await sim.messages(chat.id) if message.by_bot] == []


async def test_unknown_update_types_are_taken_and_counted(stack: Stack, telegram: dict[str, str]) -> None:
    before = await counted(stack, 'buhbot_updates_total{type="unknown"}')
    assert await post(stack, telegram, b'{"update_id": 1, "hologram": {"from": {"id": 5}}}') == 200
    assert await counted(stack, 'buhbot_updates_total{type="unknown"}') == before + 1


async def test_a3_one_update_delivered_three_times_at_once_is_one_message(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    body = json.dumps(question(chat)).encode()
    statuses = await asyncio.gather(*(post(stack, telegram, body) for _ in range(3)))
    assert (statuses, len(chat.messages), len(chat.windows)) == ([200, 200, 200], 1, 1)


async def test_a18_a_record_that_cannot_be_stored_does_not_come_back_for_ever(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    bad, good = question(chat, date=10**15), question(chat)
    statuses = await asyncio.gather(*(post(stack, telegram, json.dumps(update).encode()) for update in (bad, good)))
    assert (statuses, len(chat.messages)) == ([200, 200], 1)
    assert chat.rows("select reason from public.intake_rejects where record ->> 'chat_id' = %s", str(chat.id)) == [
        {"reason": "date"}
    ]


ODD: list[dict[str, Any]] = [
    {"message": None},
    {"message": {"chat": 5, "from": [], "text": {}}},
    {"message": {"message_id": 2**70, "date": "now"}},
    {"callback_query": {"id": "1"}},
    {
        "callback_query": {
            "id": "1",
            "from": {"id": 5, "is_bot": False, "first_name": "x"},
            "chat_instance": "1",
            "data": "ack:x:y",
        }
    },
    {"callback_query": None},
]


@pytest.mark.parametrize("body", ODD)
async def test_odd_updates_are_neither_errors_nor_repeated(
    stack: Stack, telegram: dict[str, str], body: dict[str, Any]
) -> None:
    update = {"update_id": secrets.randbelow(10**12), **body}
    assert await post(stack, telegram, json.dumps(update).encode()) == 200


async def test_text_that_postgres_cannot_hold_is_stored_without_it(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    assert await post(stack, telegram, json.dumps(question(chat, text="a\x00b")).encode()) == 200
    assert chat.messages[0]["message_text"] == "ab"


async def test_start_greets_the_manager_by_name(sim: SimulatorClient) -> None:
    said = await sim.start(MANAGER)
    greeting = await sim.until_message(MANAGER, "Пётр Волков", since=said.message.message_id)
    assert greeting.by_bot


async def test_the_bot_says_nothing_into_a_client_chat(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask("/start")
    await chat.ask()
    await sim.until_delivered()
    assert [message.words for message in await sim.messages(chat.id) if message.by_bot] == []


async def test_health_names_its_parts_and_metrics_are_there(stack: Stack) -> None:
    async with httpx.AsyncClient() as client:
        for process, parts in {"bot": {"supabase", "redis", "cache"}, "jobs": {"supabase", "redis", "sweep"}}.items():
            health = await client.get(f"{stack.urls[process]}/health")
            assert (health.status_code, health.json()["status"]) == (200, "ok")
            assert set(health.json()["checks"]) == parts
    assert await counted(stack, 'buhbot_intake_records_total{outcome="recorded"}') > 0


async def test_log_lines_carry_the_id_of_their_request(stack: Stack, telegram: dict[str, str]) -> None:
    number = f"probe-{secrets.token_hex(8)}"
    odd = b'{"update_id": 1, "callback_query": {"id": "1"}}'
    assert await post(stack, {**telegram, "X-Request-ID": number}, odd) == 200

    def said() -> list[str]:
        lines = [json.loads(line) for line in stack.log("bot").splitlines() if line.endswith("}")]
        return [line["message"] for line in lines if line.get("request_id") == number]

    assert until(lambda: said() == ["update_not_understood"], 10), said()


def test_i10_logs_are_json_lines_without_texts_names_or_tokens(stack: Stack) -> None:
    for process in ("bot", "jobs"):
        log = stack.log(process)
        for line in filter(None, log.splitlines()):
            assert {"timestamp", "level", "component", "message"} <= set(json.loads(line))
        for secret in ("Где акт?", "Анна", stack.env["TELEGRAM_BOT_TOKEN"], stack.env["SUPABASE_SERVICE_ROLE_KEY"]):
            assert secret not in log


async def test_a_command_that_was_deleted_since_is_answered_all_the_same(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, telegram: dict[str, str]
) -> None:
    command = question(chat, text="/help", entities=[{"type": "bot_command", "offset": 0, "length": 5}])
    assert await post(stack, telegram, json.dumps(command).encode()) == 200
    answer = await sim.until_message(chat.id, "/help")
    assert answer.by_bot
    assert answer.reply_to_message is None
