"""A client whose chat is to be connected, as seen from Telegram and from the database."""

import itertools
import re
import secrets
from typing import Any

from infra.local.telegram.client import Message, SimulatorClient
from tests.stack import Stack
from tests.world import MANAGER, Row, operator

numbers = itertools.count(secrets.randbelow(10**8) * 1000 + 1_003_000_000_000)


class Newcomers:
    """A client without a chat, groups that the bot has never seen, and somebody who runs them."""

    def __init__(self, stack: Stack, sim: SimulatorClient) -> None:
        number = next(numbers)
        self.sim, self._url = sim, stack.env["DATABASE_URL"]
        self.name, self.boss = f"ООО Новичок {number}", number % 10**9 + 10**9
        self.client = self.rows("insert into public.clients (name) values (%s) returning id", self.name)[0]["id"]

    def rows(self, query: str, *values: Any) -> list[Row]:
        return operator(self._url).execute(query.encode(), values).fetchall()

    def chat(self, group: int) -> Row:
        (row,) = self.rows("select * from public.chats where chat_id = %s", group)
        return row

    async def group(self) -> int:
        """Found a group without the bot, of the same name as the client."""
        number = -next(numbers)
        await self.sim.post(
            "chat", chat_id=number, title=self.name, members={str(self.boss): "creator"}, bot_status="left"
        )
        return number

    async def asks(self, who: int, text: str, words: str = "") -> Message:
        """Say something in private, and return what the bot says, or what it says with these words."""
        said = (await self.sim.say(who, who, text)).message.message_id
        return await self.sim.until_message(who, lambda m: m.by_bot and m.message_id > said and words in m.words)

    async def invitation(self, who: int = MANAGER) -> str:
        return token_of(await self.asks(who, f"/newchat {self.name}"))

    async def brings_bot(self, group: int, by: int | None = None, **more: Any) -> None:
        await self.sim.post("add_bot", chat_id=group, by=by or self.boss, **more)

    async def in_group(self, group: int) -> str:
        """Return what the bot says in the group."""
        return (await self.sim.until_message(group, lambda m: m.by_bot)).words

    async def checklist(self, who: int = MANAGER, words: str = "") -> Message:
        """Return the checklist of this client's chat."""
        return await self.sim.until_message(
            who, lambda m: m.by_bot and f"Чат {self.name} подключён" in m.words and words in m.words, seconds=20
        )


def token_of(card: Message) -> str:
    found = re.search(r"\?startgroup=([\w-]+)", card.words)
    assert found, card.words
    return found[1]


async def press(sim: SimulatorClient, who: int, message: Message, button: str) -> Message:
    """Press a button, and return the message as it is when the bot has answered."""
    await sim.until_answered(await sim.press(who, message, button))
    return next(m for m in await sim.messages(who) if m.message_id == message.message_id)
