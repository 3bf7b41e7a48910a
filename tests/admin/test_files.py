"""`/files`: what clients sent, for whoever may read the message, and harmless."""

import asyncio
import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.telegram.client import Message, SimulatorClient
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, running_admin, words
from tests.stack import Stack
from tests.world import ClientChat

HOSTILE = b"<!doctype html><script>document.title = 'owned'</script><h1>Hi</h1>"
DEMO_PASSWORD = "buhbot-demo-2026"


async def sent(sim: SimulatorClient, chat: ClientChat, kind: str, name: str, content: bytes) -> Message:
    said = await sim.send(chat.client, chat.id, kind, file_name=name, content_base64=base64.b64encode(content).decode())
    await sim.until_delivered(30)
    return said.message


def address(message: Message) -> str:
    return f"/files/{message.chat_id}/{message.message_id}"


@contextmanager
def reading(admin: Admin, email: str, password: str = DEMO_PASSWORD) -> Iterator[Reader]:
    with Reader(admin) as reader:
        assert reader.sign_in(email, password).status_code == 303
        yield reader


@pytest.mark.parametrize("account", ["admin", "manager", "accountant"])
async def test_whoever_may_read_the_message_gets_its_file(
    admin: Admin, sim: SimulatorClient, chat: ClientChat, account: str
) -> None:
    content = secrets.token_bytes(300_000)
    message = await sent(sim, chat, "document", "Акт сверки.pdf", content)
    with reading(admin, f"{account}@buhbot.test") as reader:
        answer = await asyncio.to_thread(reader.get, address(message))
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-disposition"] == 'attachment; filename="file.pdf"'
    assert answer.headers["cache-control"] == "private, max-age=600"


async def test_i1_a_file_of_others_answers_as_one_that_does_not_exist(
    admin: Admin, sim: SimulatorClient, chat: ClientChat, firm: Firm
) -> None:
    message = await sent(sim, chat, "photo", "photo.png", b"\x89PNG")
    strangers: list[Colleague] = [firm.hire("accountant"), firm.hire("observer")]
    for person in strangers:
        with reading(admin, person.email, person.password) as reader:
            # The first page leaves the language with the browser, whatever it is about.
            await asyncio.to_thread(reader.get, "/")
            refused = await asyncio.to_thread(reader.get, address(message))
            missing = await asyncio.to_thread(reader.get, f"/files/{message.chat_id}/{message.message_id + 777}")
            nowhere = await asyncio.to_thread(reader.get, "/files/-1009999999999/1")
        assert [page.status_code for page in (refused, missing, nowhere)] == [404] * 3
        assert refused.text == missing.text == nowhere.text
        assert {*refused.headers} == {*missing.headers} == {*nowhere.headers}


async def test_a_message_without_a_file_has_none(admin: Admin, chat: ClientChat, sim: SimulatorClient) -> None:
    message = await chat.ask()
    await sim.until_delivered()
    with reading(admin, "manager@buhbot.test") as reader:
        assert (await asyncio.to_thread(reader.get, address(message))).status_code == 404


@pytest.mark.parametrize(
    "name", ["page.html", "drawing.SVG", "feed.xml", "a.xhtml", "none", 'x".html\r\nset-cookie: a', ".png.htm"]
)
async def test_nothing_that_was_sent_can_run_on_our_pages(
    admin: Admin, sim: SimulatorClient, chat: ClientChat, name: str
) -> None:
    message = await sent(sim, chat, "document", name, HOSTILE)
    with reading(admin, "manager@buhbot.test") as reader:
        answer = await asyncio.to_thread(reader.get, address(message))
    assert (answer.status_code, answer.content) == (200, HOSTILE)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} <= {*policy}
    assert not any("allow" in part for part in policy)
    assert "set-cookie" not in answer.headers


async def test_a_picture_is_shown_in_place(admin: Admin, sim: SimulatorClient, chat: ClientChat) -> None:
    # Whatever is in it: with `nosniff` it is a picture or nothing.
    message = await sent(sim, chat, "photo", "photo.png", HOSTILE)
    with reading(admin, "manager@buhbot.test") as reader:
        answer = await asyncio.to_thread(reader.get, address(message))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'inline; filename="file.png"'
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_what_telegram_does_not_give_is_said(admin: Admin, sim: SimulatorClient, chat: ClientChat) -> None:
    message = await sent(sim, chat, "document", "a.zip", bytes(20 * 2**20 + 1))
    with reading(admin, "manager@buhbot.test") as reader:
        answer = await asyncio.to_thread(reader.get, address(message))
    assert answer.status_code == 413
    assert "открываются только в Telegram" in words(answer)


async def test_a_large_file_passes_through_in_constant_memory(
    stack: Stack, admin: Admin, sim: SimulatorClient, chat: ClientChat
) -> None:
    content = secrets.token_bytes(2**20) * 20
    message = await sent(sim, chat, "document", "a.zip", content)
    before = {pid: peak(pid) for pid in (stack.pid_of("bot"), admin.process.pid)}
    with reading(admin, "manager@buhbot.test") as reader:
        answer = await asyncio.to_thread(reader.get, address(message), timeout=60)
    assert answer.content == content
    assert all(peak(pid) - known < 12 * 2**20 for pid, known in before.items())


def peak(pid: int) -> int:
    """Return the largest memory a process ever had, in bytes."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"method": "download", "code": 404, "description": "Not Found"}, 404),
        ({"method": "download", "code": 502}, 503),
        ({"code": 400, "description": "Bad Request: wrong file_id or the file is temporarily unavailable"}, 404),
        ({"code": 429, "description": "Too Many Requests: retry after 30", "parameters": {"retry_after": 30}}, 503),
        ({"code": 502}, 503),
        ({"code": 401, "description": "Unauthorized"}, 503),
    ],
)
async def test_when_telegram_refuses_it_is_said_and_no_token_is_told(
    stack: Stack, admin: Admin, sim: SimulatorClient, chat: ClientChat, fault: dict[str, object], status: int
) -> None:
    message = await sent(sim, chat, "photo", "photo.png", b"\x89PNG")
    await sim.faults({"method": "getFile", "times": 1, **fault})
    try:
        with reading(admin, "manager@buhbot.test") as reader:
            answer = await asyncio.to_thread(reader.get, address(message))
    finally:
        await sim.faults()
    assert answer.status_code == status
    token = stack.env["TELEGRAM_BOT_TOKEN"]
    assert all(token not in said for said in (answer.text, admin.log, stack.log("bot")))


async def test_whoever_is_signed_out_or_dismissed_gets_nothing(
    admin: Admin, sim: SimulatorClient, chat: ClientChat, firm: Firm
) -> None:
    message = await sent(sim, chat, "photo", "photo.png", b"\x89PNG")
    person = firm.hire("manager")
    with reading(admin, person.email, person.password) as reader:
        assert (await asyncio.to_thread(reader.get, address(message))).status_code == 200
        firm.dismiss(person)
        sent_away = await asyncio.to_thread(reader.get, address(message))
    assert (sent_away.status_code, sent_away.headers["location"][:6]) == (303, "/login")


async def test_the_bot_gives_nothing_without_a_persons_token(
    stack: Stack, sim: SimulatorClient, chat: ClientChat
) -> None:
    """The bot's own keys open nothing here: it asks with those that it is given."""
    message = await sent(sim, chat, "photo", "photo.png", b"\x89PNG")
    anon = stack.env["SUPABASE_ANON_KEY"]
    attempts: list[dict[str, str]] = [
        {},
        {"apikey": anon},
        {"authorization": "Bearer x"},
        {"apikey": anon, "authorization": "Bearer"},
        {"apikey": anon, "authorization": f"Bearer {anon}"},
        {"apikey": anon, "authorization": "Bearer a.b.c"},
        {"apikey": anon, "authorization": "Basic YTpi"},
        {"apikey": "x", "authorization": "Bearer x.y."},
    ]
    async with httpx.AsyncClient(base_url=stack.urls["bot"]) as client:
        found = [await client.get(address(message), headers=headers) for headers in attempts]
    # 503 is the gateway's word for a key that it does not know.
    assert {answer.status_code for answer in found} <= {401, 404, 503}
    assert not any(answer.content for answer in found)


async def test_when_the_bot_is_away_it_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", BOT_URL="http://127.0.0.1:9") as lonely,
        reading(lonely, "manager@buhbot.test") as reader,
    ):
        answer = reader.get("/files/-1001/1")
    assert answer.status_code == 503
    assert "Не удалось загрузить" in words(answer)
