"""Everything that Telegram brings is on record: what is said, by whom, whose words it holds, who came and went."""

import asyncio
import json
import re
import secrets
import time
from typing import Any, get_args

import pytest

from admin.message_kinds import KINDS
from bot.batching import Batcher
from bot.intake import record_of
from infra.local.telegram.client import SimulatorClient
from infra.local.telegram.world import MediaKind
from infra.redis import Hints, connect
from infra.supabase import Database, open_http
from tests.bot.test_webhook import counted, post, question, telegram
from tests.stack import Stack
from tests.world import ACCOUNTANT, MANAGER, ClientChat

__all__ = ["telegram"]

FAR = 10**9


def members(chat: ClientChat) -> dict[int, str]:
    rows = chat.rows("select telegram_user_id, status from public.chat_members where chat_id = %s", chat.id)
    return {row["telegram_user_id"]: row["status"] for row in rows}


async def test_a13_whatever_a_client_sends_has_its_kind_and_waits_for_an_answer(
    sim: SimulatorClient, chat: ClientChat
) -> None:
    kinds = list(get_args(MediaKind))
    for kind in kinds:
        await sim.send(chat.client, chat.id, kind)
    await sim.until_delivered()
    assert sorted(row["kind"] for row in chat.messages) == sorted(kinds)
    without = {row["kind"] for row in chat.messages if not row["media_file_id"]} - {"paid_media"}
    assert without == {"location", "venue", "contact", "poll", "dice", "story", "checklist", "game", "invoice"}
    assert [window["message_count"] for window in chat.windows] == [len(kinds)]


def test_every_kind_that_can_be_stored_has_a_word_for_people(chat: ClientChat) -> None:
    (row,) = chat.rows(
        "select pg_get_constraintdef(oid) as promise from pg_constraint"
        " where conname = 'kind_is_known' and conrelid = 'public.chat_messages'::regclass"
    )
    # These three show what they say, or wait for nobody.
    assert set(re.findall(r"'(\w+)'", row["promise"])) == KINDS.keys() | {"text", "command", "other"}


@pytest.mark.parametrize(("kind", "caption"), [("voice", None), ("photo", "Почему такая сумма???")])
async def test_a13_a_voice_message_and_a_captioned_photo_open_a_window(
    sim: SimulatorClient, chat: ClientChat, kind: str, caption: str | None
) -> None:
    await sim.send(chat.client, chat.id, kind, caption=caption)
    await sim.until_delivered()
    (row,) = chat.messages
    assert (row["kind"], row["caption"], row["classification"]) == (kind, caption, "request")
    assert row["media_file_id"]
    assert len(chat.windows) == 1


async def test_an_album_is_told_by_its_group_and_counts_as_its_messages(sim: SimulatorClient, chat: ClientChat) -> None:
    """A14: one item is one group. The figure of a window leads to its rows (I12), and these are five."""
    for _ in range(5):
        await sim.send(chat.client, chat.id, "photo", media_group_id="131")
    await sim.until_delivered()
    assert {row["media_group_id"] for row in chat.messages} == {"131"}
    assert [window["message_count"] for window in chat.windows] == [5]


async def test_a15_an_unknown_command_is_recorded_and_met_with_silence(sim: SimulatorClient, chat: ClientChat) -> None:
    await chat.ask("/pay_invoice")
    await sim.until_delivered()
    assert ([row["kind"] for row in chat.messages], chat.windows) == (["command"], [])
    assert [message for message in await sim.messages(chat.id) if message.by_bot] == []


async def test_a16_a_long_and_crooked_title_is_short_and_straight(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    crooked = "Ро\u202eмаш\u0000ка\u200b " + "я" * 1000
    person = {"id": chat.client, "is_bot": False, "first_name": crooked}
    origin = {"type": "hidden_user", "date": int(time.time()), "sender_user_name": crooked}
    update = question(chat, forward_origin=origin, **{"from": person})
    update["message"]["chat"]["title"] = crooked
    assert await post(stack, telegram, json.dumps(update).encode()) == 200
    names = chat.rows(
        "select c.chat_name, m.author_name, k.full_name, s.forwarded_from from public.chats as c"
        " join public.chat_messages as m using (chat_id) join public.chat_members as k using (chat_id)"
        " join public.message_sources as s using (chat_id) where c.chat_id = %s",
        chat.id,
    )
    assert [set(row.values()) for row in names] == [{("Ромашка " + "я" * 1000)[:300]}]


async def test_g6_a_new_title_is_what_the_admin_reads(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.post("title", chat_id=chat.id, user_id=MANAGER, title="ООО Лютик")
    await sim.until_delivered()
    assert chat.rows("select chat_name from api.chats where chat_id = %s", chat.id) == [{"chat_name": "ООО Лютик"}]
    assert (await chat.ask()).chat.title == "ООО Лютик"
    await sim.until_delivered()
    read = (
        "select r ->> 'chat_name' as chat_name from jsonb_array_elements(api.find_requests() -> 'rows') as r"
        " join public.chats as c on c.id = (r ->> 'chat')::uuid where c.chat_id = %s"
    )
    assert chat.rows(read, chat.id) == [{"chat_name": "ООО Лютик"}]


async def test_forwards_and_quotes_keep_whose_words_they_are(sim: SimulatorClient, chat: ClientChat) -> None:
    act = await sim.send(chat.client, chat.id, "document", forwarded_from=2001)
    await sim.say(chat.client, chat.id, "А это?", reply_to=act.message.message_id, quote="Акт")
    await sim.until_delivered()
    sources = chat.rows(
        "select forwarded_from, forwarded_from_telegram_id, quote from public.message_sources where chat_id = %s"
        " order by message_id",
        chat.id,
    )
    assert [tuple(row.values()) for row in sources] == [("Анна Иванова", 2001, None), (None, None, "Акт")]
    # The forwarded act is the client's own question, and the quoting one joins it.
    assert [window["message_count"] for window in chat.windows] == [2]


async def test_who_comes_goes_and_writes_is_a_member(sim: SimulatorClient, chat: ClientChat) -> None:
    other, third = chat.client + FAR, chat.client + 2 * FAR
    await chat.ask()
    await sim.post("member", chat_id=chat.id, user_id=other, status="administrator", by=MANAGER)
    await sim.post("member", chat_id=chat.id, user_id=third, status="member", by=MANAGER)
    await sim.say(other, chat.id, "Здравствуйте")
    await sim.post("member", chat_id=chat.id, user_id=third, status="kicked", by=MANAGER)
    await sim.until_delivered()
    assert members(chat) == {chat.client: "member", other: "administrator", third: "kicked"}


async def test_without_rights_service_messages_tell_who_is_there(sim: SimulatorClient, chat: ClientChat) -> None:
    await sim.post("chat", chat_id=chat.id, title=chat.title, bot_status="member")
    other = chat.client + FAR
    await sim.post("member", chat_id=chat.id, user_id=other, status="member", by=MANAGER)
    await sim.until_delivered()
    assert members(chat) == {other: "member"}
    await sim.post("member", chat_id=chat.id, user_id=other, status="left")
    await sim.until_delivered()
    assert members(chat)[other] == "left"


async def test_business_talk_is_recorded_and_measured_nowhere(sim: SimulatorClient, chat: ClientChat) -> None:
    connection = (await sim.post("connect", user_id=ACCOUNTANT))["connection_id"]
    place: dict[str, Any] = {"connection_id": connection, "chat_id": chat.client}
    # Whose connection it is has to be known: talk over a stranger's is not kept.
    await sim.until_delivered()
    try:
        said = (await sim.post("business_say", user_id=chat.client, text="Где акт?", **place))["message"]["message_id"]
        await sim.post("business_edit", user_id=chat.client, message_id=said, text="Где счёт?", **place)
        await sim.post("business_delete", message_ids=[said], **place)
    finally:
        await sim.post("connect", user_id=ACCOUNTANT, is_enabled=False)
    await sim.until_delivered()
    talk = chat.rows(
        "select event, message_text from public.business_events where chat_id = %s order by update_id", chat.client
    )
    assert [tuple(row.values()) for row in talk] == [
        ("said", "Где акт?"),
        ("edited", "Где счёт?"),
        ("deleted", None),
    ]
    assert chat.rows("select 1 from public.client_requests where chat_id = %s", chat.client) == []
    assert chat.rows("select 1 from public.chats where chat_id = %s", chat.client) == []


@pytest.mark.parametrize("first", ["answer", "question", "both at once"])
async def test_a21_two_copies_that_bring_one_chat_in_the_wrong_order_end_in_the_same_window(
    stack: Stack, chat: ClientChat, first: str
) -> None:
    now = int(time.time())
    asked = record_of(question(chat, date=now - 120))
    colleague = {"id": ACCOUNTANT, "is_bot": False, "first_name": "Ольга"}
    answered = record_of(question(chat, date=now - 60, text="Готово", **{"from": colleague}))
    assert asked
    assert answered
    nowhere = connect("redis://127.0.0.1:9/0")
    async with open_http() as http, Hints(nowhere) as hints:
        database = Database(http, stack.env["SUPABASE_URL"], stack.env["SUPABASE_SERVICE_ROLE_KEY"])
        one, other = Batcher(database, hints), Batcher(database, hints)
        if first == "both at once":
            await asyncio.gather(one.store(answered), other.store(asked))
        else:
            for copy, record in ((one, answered), (other, asked))[:: 1 if first == "answer" else -1]:
                await copy.store(record)
    await nowhere.aclose()
    (window,) = chat.windows
    assert (window["outcome"], window["opened_at"].timestamp()) == ("met", now - 120)
    assert window["responded_at"].timestamp() == now - 60


NUMBERS: list[Any] = [None, 0, -1, 2**52, -(2**52), 2**63, 10**30, 1.5, "x", True, [], {}]
PLACES = ("update_id", "message_id", "date", "chat", "from", "text", "quote", "forward_origin", "new_chat_members")


@pytest.mark.parametrize("place", PLACES)
async def test_a18_a_field_of_any_type_or_size_is_no_error_and_stores_no_half(
    stack: Stack, chat: ClientChat, telegram: dict[str, str], place: str
) -> None:
    for value in NUMBERS:
        update = question(chat)
        if place == "update_id":
            update[place] = value
        else:
            update["message"][place] = value
        assert await post(stack, telegram, json.dumps(update).encode()) == 200, value
    # A message that was refused has nothing beside it either.
    halves = """
      select from public.message_sources as s
      where s.chat_id = %s
        and not exists (
          select from public.chat_messages as m where m.chat_id = s.chat_id and m.message_id = s.message_id
        )
    """
    assert chat.rows(halves, chat.id) == []


ODD: list[dict[str, Any]] = [
    {"chat_member": {}},
    {"chat_member": {"chat": 5, "new_chat_member": {"status": "king", "user": []}}},
    {"chat_member": {"date": 2**70, "new_chat_member": {"status": {"deep": []}, "user": {"id": -(2**52)}}}},
    {"business_connection": {"id": "a\u0000b", "user": {"id": 2**52}, "date": -1, "is_enabled": "yes"}},
    {"business_message": {"business_connection_id": ["C"], "chat": None, "date": "now"}},
    {"edited_business_message": {"business_connection_id": "C", "edit_date": True}},
    {"deleted_business_messages": {"business_connection_id": "C", "chat": {"id": 5}, "message_ids": [2**70, -1, {}]}},
    {"deleted_business_messages": {"message_ids": "all"}},
]


@pytest.mark.parametrize("body", ODD)
async def test_a18_odd_asides_are_set_aside_and_do_not_come_back(
    stack: Stack, chat: ClientChat, telegram: dict[str, str], body: dict[str, Any]
) -> None:
    number = secrets.randbelow(10**12)
    assert await post(stack, telegram, json.dumps({"update_id": number, **body}).encode()) == 200
    rejects = "select reason from public.intake_rejects where record ->> 'update_id' = %s"
    assert chat.rows(rejects, str(number)) == [{"reason": "malformed aside"}]


async def test_a18_an_aside_that_cannot_even_be_set_aside_is_counted(stack: Stack, telegram: dict[str, str]) -> None:
    before = await counted(stack, "buhbot_asides_refused_total")
    body = json.dumps({"update_id": 1, "chat_member": {"new_chat_member": {"status": "\x00"}}}).encode()
    assert await post(stack, telegram, body) == 200
    assert await counted(stack, "buhbot_asides_refused_total") == before + 1


async def test_a18_bytes_that_are_no_utf8_are_refused_at_the_door(
    stack: Stack, chat: ClientChat, telegram: dict[str, str]
) -> None:
    body = json.dumps(question(chat)).encode().replace(b"\\u0413", b"\xff\xfe")
    assert (await post(stack, telegram, body), chat.messages) == (400, [])
