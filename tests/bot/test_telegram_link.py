"""A person's own link ties the Telegram account that opens it, once (B7: and nobody's who has no access)."""

import asyncio
import itertools
import secrets
from typing import Any

import pytest

from infra.local.telegram.client import SimulatorClient
from tests.stack import Stack
from tests.world import ClientChat, operator

_numbers = itertools.count(8_100_000_000 + secrets.randbelow(10**6) * 1000)


class Newcomer:
    """An accountant without a Telegram account, and the link to tie one."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.env["DATABASE_URL"]
        number = next(_numbers)
        self.name, self.account = f"Нина Новикова {number}", number
        self.id = self.row(
            "insert into public.users (id, email, role, full_name) values (gen_random_uuid(), %s, 'accountant', %s)"
            " returning id",
            f"{number}@buhbot.test",
            self.name,
        )
        self.link = "verify_" + str(
            self.row(
                "insert into public.telegram_links (user_id) values (%s) returning private.link_token('telegram', id)",
                self.id,
            )
        )

    @property
    def tied_to(self) -> int | None:
        found: int | None = self.row("select telegram_id from public.users where id = %s", self.id)
        return found

    def row(self, query: str, *values: Any) -> Any:
        found = operator(self._url).execute(query.encode(), values).fetchone()
        return next(iter(found.values())) if found else None


@pytest.fixture
def newcomer(stack: Stack) -> Newcomer:
    return Newcomer(stack)


async def opens(sim: SimulatorClient, account: int, payload: str) -> str:
    """Open a link as a Telegram account, and return what the bot says."""
    await sim.post("person", user_id=account, first_name="Кто-то", started=True)
    said = await sim.start(account, payload)
    answer = await sim.until_message(account, lambda m: m.by_bot, since=said.message.message_id)
    return answer.words


async def test_the_link_ties_the_account_and_says_so(sim: SimulatorClient, newcomer: Newcomer) -> None:
    assert "теперь ваш рабочий" in await opens(sim, newcomer.account, newcomer.link)
    assert newcomer.tied_to == newcomer.account
    # Every copy of the bot knows it within a second.
    async with asyncio.timeout(2):
        while newcomer.name not in await opens(sim, newcomer.account, ""):
            pass


async def test_who_is_known_by_username_alone_is_no_stranger_once_they_wrote_in_a_chat(
    sim: SimulatorClient, newcomer: Newcomer, chat: ClientChat
) -> None:
    username = f"nina_{newcomer.account}"
    await sim.post("person", user_id=newcomer.account, first_name="Нина", username=username, started=True)
    # The bot remembers that this is nobody.
    assert newcomer.name not in await greeted(sim, newcomer)
    newcomer.row("update public.users set telegram_username = %s where id = %s returning id", username, newcomer.id)
    assert newcomer.name not in await greeted(sim, newcomer)
    await sim.say(newcomer.account, chat.id, "Добрый день")
    async with asyncio.timeout(10):
        while newcomer.name not in await greeted(sim, newcomer):
            pass
    assert newcomer.tied_to == newcomer.account


async def greeted(sim: SimulatorClient, newcomer: Newcomer) -> str:
    said = await sim.start(newcomer.account)
    return (await sim.until_message(newcomer.account, lambda m: m.by_bot, since=said.message.message_id)).words


async def test_an_observer_is_promised_no_alerts(sim: SimulatorClient, newcomer: Newcomer) -> None:
    newcomer.row("update public.users set role = 'observer' where id = %s returning id", newcomer.id)
    assert (await opens(sim, newcomer.account, newcomer.link)).endswith("теперь ваш рабочий.")
    async with asyncio.timeout(2):
        while newcomer.name not in (words := await opens(sim, newcomer.account, "")):
            pass
    assert "Наблюдателям я не пишу" in words


async def test_a_replay_is_refused_in_words(sim: SimulatorClient, newcomer: Newcomer) -> None:
    await opens(sim, newcomer.account, newcomer.link)
    for account in (newcomer.account, newcomer.account + 1):
        assert "уже использована" in await opens(sim, account, newcomer.link)
    assert newcomer.tied_to == newcomer.account


async def test_an_account_of_a_colleague_is_refused_in_words(
    sim: SimulatorClient, newcomer: Newcomer, stack: Stack
) -> None:
    other = Newcomer(stack)
    await opens(sim, other.account, other.link)
    assert "уже привязан к другому" in await opens(sim, other.account, newcomer.link)
    assert newcomer.tied_to is None


async def test_a_link_that_is_not_ours_opens_nothing(sim: SimulatorClient, newcomer: Newcomer) -> None:
    assert "не действует" in await opens(sim, newcomer.account, "verify_nonsense")


async def test_b7_whoever_lost_access_is_a_stranger(sim: SimulatorClient, newcomer: Newcomer) -> None:
    newcomer.row("update public.users set active = false where id = %s returning id", newcomer.id)
    assert "Нет прав" in await opens(sim, newcomer.account, newcomer.link)
    newcomer.row("update public.users set telegram_id = %s where id = %s returning id", newcomer.account, newcomer.id)
    assert newcomer.name not in await opens(sim, newcomer.account, "")
