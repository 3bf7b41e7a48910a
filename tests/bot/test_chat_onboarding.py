"""From `/newchat` to a measured chat, as a manager and a client's administrator live through it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from infra.local.telegram.client import SimulatorClient
from tests.bot.newcomers import Newcomers, numbers, press, token_of
from tests.stack import Stack
from tests.world import ACCOUNTANT, ADMIN, MANAGER


@pytest.fixture
async def new(stack: Stack, sim: SimulatorClient) -> AsyncIterator[Newcomers]:
    """A client to come; its people press faster than Telegram lets one person be written to."""
    await sim.limits(on=False)
    yield Newcomers(stack, sim)
    await sim.limits(on=True)


async def test_a_link_with_its_qr_connects_the_group_and_the_inviter_gets_the_checklist(
    sim: SimulatorClient, new: Newcomers
) -> None:
    card = await new.asks(MANAGER, f"/newchat {new.name}")
    assert new.name in card.words
    assert "Ответственный: не назначен" in card.words
    picture = await sim.until_message(MANAGER, "QR-кодом", since=card.message_id)
    assert picture.by_bot

    offered = await press(sim, MANAGER, card, "Сменить ответственного")
    card = await press(sim, MANAGER, offered, "Ольга Петрова")
    assert "Ответственный: Ольга Петрова" in card.words
    offered = await press(sim, MANAGER, card, "Сменить политику")
    card = await press(sim, MANAGER, offered, "Круглосуточно")
    assert "Политика: Круглосуточно" in card.words
    assert token_of(await new.asks(MANAGER, f"/newchat {new.name}")) == token_of(card)

    group = await new.group()
    await new.brings_bot(group, payload=token_of(card))
    assert "администратором" in await new.in_group(group)
    found = await new.checklist()
    assert "🔴 Бот видит только команды" in found.words
    row = new.chat(group)
    assert (row["client_id"], row["monitoring_enabled"]) == (new.client, True)

    await sim.post(
        "member",
        chat_id=group,
        user_id=new.rows("select bot_telegram_id from public.settings")[0]["bot_telegram_id"],
        status="administrator",
        by=new.boss,
    )
    await sim.until_delivered()
    found = await press(sim, MANAGER, found, "Проверить снова")
    assert "🔴" not in found.words
    assert "бот видит сообщения" in found.words
    again = await sim.until_answered(await sim.press(MANAGER, found, "Проверить снова"))
    assert again.text == "Без изменений."


async def test_the_client_may_be_named_in_the_next_message_and_chosen_from_several(new: Newcomers) -> None:
    new.rows("insert into public.clients (name) values (%s) returning id", f"{new.name} Второй")
    assert "Чей чат" in (await new.asks(MANAGER, "/newchat")).words
    offered = await new.asks(MANAGER, new.name)
    assert offered.buttons == [new.name, f"{new.name} Второй", "Без клиента"]
    await press(new.sim, MANAGER, offered, f"{new.name} Второй")
    await new.sim.until_message(MANAGER, f"чата клиента {new.name} Второй")


async def test_only_an_admin_is_offered_to_make_a_client(new: Newcomers) -> None:
    fresh = f"ООО Свежий {next(numbers)}"
    # The checklist of another test's chat may come at the same moment.
    assert (await new.asks(MANAGER, f"/newchat {fresh}", words=fresh)).buttons == ["Без клиента"]
    offered = await new.asks(ADMIN, f"/newchat {fresh}", words=fresh)
    await press(new.sim, ADMIN, offered, f"Завести клиента «{fresh}»")
    await new.sim.until_message(ADMIN, f"чата клиента {fresh}")
    assert len(new.rows("select id from public.clients where name = %s", fresh)) == 1
    late = await new.sim.until_answered(await new.sim.press(ADMIN, offered, f"Завести клиента «{fresh}»"))
    assert "потерял нить" in (late.text or "")


async def test_a_link_for_groups_opened_in_private_only_greets(new: Newcomers) -> None:
    token = await new.invitation()
    assert (await new.asks(new.boss, f"/start {token}")).words.startswith("Здравствуйте")
    assert new.rows("select used_at from public.chat_invitations where client_id = %s", new.client) == [
        {"used_at": None}
    ]


async def test_an_accountant_makes_no_links(new: Newcomers) -> None:
    assert "startgroup" not in (await new.asks(ACCOUNTANT, f"/newchat {new.name}")).words


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [("abc", "Это не ссылка"), ("0" * 56, "Такой ссылки"), ("used", "действует один раз"), ("old", "действует сутки")],
)
async def test_g4_each_link_that_does_not_connect_says_why(new: Newcomers, payload: str, sentence: str) -> None:
    if payload in ("used", "old"):
        token = await new.invitation()
        change = {
            "used": "used_at = now(), used_by_telegram_id = 1",
            "old": "created_at = created_at - interval '25 hours', expires_at = expires_at - interval '25 hours'",
        }[payload]
        new.rows(f"update public.chat_invitations set {change} where client_id = %s returning id", new.client)
        payload = token
    group = await new.group()
    await new.brings_bot(group, payload=payload)
    assert sentence in await new.in_group(group)
    row = new.chat(group)
    assert (row["connected_at"], row["client_id"], row["monitoring_enabled"]) == (None, None, False)


async def test_g5_one_token_in_two_groups_at_once_connects_one(new: Newcomers) -> None:
    token = await new.invitation()
    groups = [await new.group() for _ in range(4)]
    await asyncio.gather(*(new.brings_bot(group, payload=token) for group in groups))
    answers = [await new.in_group(group) for group in groups]
    assert sum("Чат подключён" in answer for answer in answers) == 1
    assert sum("действует один раз" in answer for answer in answers) == 3
    assert sum(new.chat(group)["connected_at"] is not None for group in groups) == 1


async def test_a7_a_group_to_which_the_bot_was_added_by_hand_is_connected_from_the_checklist(
    sim: SimulatorClient, new: Newcomers
) -> None:
    group = await new.group()
    await new.brings_bot(group, by=MANAGER, status="administrator")
    found = await sim.until_message(MANAGER, f"Бот в чате {new.name}", seconds=20)
    assert "🟡 Чат не подключён" in found.words
    await sim.say(new.boss, group, "Где акт?")
    await sim.until_delivered()
    assert new.rows("select id from public.client_requests where chat_id = %s", group) == []
    assert len(new.rows("select message_id from public.chat_messages where chat_id = %s and kind = 'text'", group)) == 1

    offered = await press(sim, MANAGER, found, "Подключить")
    found = await press(sim, MANAGER, offered, new.name)
    assert f"Клиент: {new.name}" in found.words
    offered = await press(sim, MANAGER, found, "Назначить ответственного")
    found = await press(sim, MANAGER, offered, "Ольга Петрова")
    assert "Ответственный: Ольга Петрова" in found.words
    await sim.say(new.boss, group, "Где счёт?")
    await sim.until_delivered()
    assert len(new.rows("select id from public.client_requests where chat_id = %s", group)) == 1


async def test_g1_whoever_brings_a_deaf_bot_learns_how_to_mend_it(sim: SimulatorClient, new: Newcomers) -> None:
    group = await new.group()
    await new.asks(new.boss, "/start")
    await new.brings_bot(group)
    await sim.until_message(new.boss, "назначьте меня администратором")
    (health,) = new.rows("select state from api.chat_health where chat_id = %s and \"check\" = 'may_read'", group)
    assert health["state"] == "red"

    group = await new.group()
    await new.brings_bot(group, by=ACCOUNTANT)
    found = await sim.until_message(ACCOUNTANT, f"Бот в чате {new.name}", seconds=20)
    assert "🔴 Бот видит только команды" in found.words
    assert found.buttons == []


async def test_g2_g3_removed_the_bot_stops_and_back_it_goes_on_and_says_how_it_stands(
    sim: SimulatorClient, new: Newcomers
) -> None:
    group = await new.group()
    await new.brings_bot(group, status="administrator", payload=await new.invitation())
    await new.checklist()
    await sim.say(new.boss, group, "Где акт?")
    await sim.post("remove_bot", chat_id=group, by=new.boss)
    await sim.until_delivered()
    (window,) = new.rows("select closed_because from public.client_requests where chat_id = %s", group)
    assert window["closed_because"] == "bot_removed"
    assert not new.chat(group)["monitoring_enabled"]

    await new.brings_bot(group, by=ADMIN, status="administrator")
    await new.checklist(ADMIN, "время ответа измеряется")
    await sim.say(new.boss, group, "Где счёт?")
    await sim.until_delivered()
    assert len(new.rows("select id from public.client_requests where chat_id = %s", group)) == 2


async def test_b4_who_speaks_as_the_group_is_a_client_until_the_chat_says_otherwise(
    sim: SimulatorClient, new: Newcomers
) -> None:
    group = await new.group()
    await new.brings_bot(group, status="administrator", payload=await new.invitation())
    found = await new.checklist()
    await sim.say(new.boss, group, "Пришлите акт", sender_chat_id=group)
    await sim.until_delivered()
    found = await press(sim, MANAGER, found, "Проверить снова")
    assert "пишет от имени группы" in found.words
    assert len(new.rows("select id from public.client_requests where chat_id = %s", group)) == 1

    found = await press(sim, MANAGER, found, "Считать группу сотрудником")
    assert "пишет от имени группы" not in found.words
    await sim.say(new.boss, group, "Акт отправлен", sender_chat_id=group)
    await sim.until_delivered()
    (window,) = new.rows("select closed_because from public.client_requests where chat_id = %s", group)
    assert window["closed_because"] == "answered"


async def test_diagnose_answers_in_private_and_nothing_of_it_is_said_where_clients_read(
    sim: SimulatorClient, new: Newcomers
) -> None:
    group = await new.group()
    await new.brings_bot(group, status="administrator", payload=await new.invitation())
    first = await new.checklist()
    await sim.say(new.boss, group, "/start")
    await sim.say(new.boss, group, "/diagnose")
    await sim.say(ACCOUNTANT, group, "/diagnose")
    await sim.say(MANAGER, group, "/diagnose")
    await sim.until_message(MANAGER, lambda m: m.by_bot and new.name in m.words and m.message_id > first.message_id)
    said = [message.words for message in await sim.messages(group) if message.by_bot]
    assert said == ["Чат подключён."]


async def test_a_manager_who_cannot_be_written_to_gets_one_neutral_line(sim: SimulatorClient, new: Newcomers) -> None:
    group = await new.group()
    await new.brings_bot(group, status="administrator")
    other = next(numbers) % 10**9 + 2 * 10**9
    new.rows(
        "insert into public.users (id, email, role, full_name, telegram_id)"
        " values (gen_random_uuid(), %s, 'manager', 'Тихий', %s) returning id",
        f"{other}@buhbot.test",
        other,
    )
    try:
        await sim.say(other, group, "/diagnose")
        assert await new.in_group(group) == "Отвечаю на это только лично. Откройте меня и нажмите «Старт»."
    finally:
        new.rows("update public.users set active = false where telegram_id = %s returning id", other)


@pytest.fixture
def deaf_firm(new: Newcomers) -> Iterator[None]:
    """Nobody of the firm can be reached."""
    try:
        new.rows("update public.users set unreachable_since = now(), unreachable_because = 'blocked' returning id")
        yield
    finally:
        new.rows("update public.users set unreachable_since = null, unreachable_because = null returning id")


@pytest.mark.usefixtures("deaf_firm")
async def test_e12_measuring_is_not_switched_on_where_nobody_would_hear(sim: SimulatorClient, new: Newcomers) -> None:
    token = await new.invitation()
    group = await new.group()
    await new.brings_bot(group, status="administrator", payload=token)
    assert await new.in_group(group) == "Чат подключён."
    assert not new.chat(group)["monitoring_enabled"]
    await sim.say(MANAGER, group, "/diagnose")
    found = await new.checklist()
    assert "🟡 О просрочке некому сообщить" in found.words
    assert "Включить наблюдение" not in found.buttons

    new.rows("update public.users set unreachable_since = null, unreachable_because = null returning id")
    found = await press(sim, MANAGER, found, "Проверить снова")
    assert "Включить наблюдение" in found.buttons
    new.rows("update public.users set unreachable_since = now(), unreachable_because = 'blocked' returning id")
    refused = await sim.until_answered(await sim.press(MANAGER, found, "Включить наблюдение"))
    assert (refused.text or "").startswith("Оповещать некого")
    new.rows("update public.users set unreachable_since = null, unreachable_because = null returning id")
    await press(sim, MANAGER, found, "Включить наблюдение")
    assert new.chat(group)["monitoring_enabled"]
