"""A client chat of a test's own in the running firm, and what became of what was written there."""

import asyncio
import itertools
import secrets
from typing import Any

import psycopg
from psycopg.rows import dict_row

from infra.local.telegram.client import Message, SimulatorClient
from tests.stack import Stack

ADMIN, MANAGER, ACCOUNTANT = 1001, 1002, 1003

# Supergroups beside the demo firm's, other ones in every run.
_numbers = itertools.count(secrets.randbelow(10**8) * 1000 + 1_002_000_000_000)

Row = dict[str, Any]

_operators: dict[str, psycopg.Connection[Row]] = {}


def operator(url: str) -> psycopg.Connection[Row]:
    """Return one connection for all that the tests of a run look up: a new one costs more than what it is asked."""
    try:
        _operators[url].execute("")
    except (KeyError, psycopg.OperationalError):
        # The first one, or Postgres was killed since.
        _operators[url] = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    return _operators[url]


class ClientChat:
    """A connected chat that is measured around the clock; its owner is the demo firm's accountant."""

    def __init__(self, stack: Stack, sim: SimulatorClient) -> None:
        number = next(_numbers)
        self.id, self.client, self.title = -number, number % 10**9, f"ООО Проба {number % 10**6}"
        self._sim, self._url = sim, stack.env["DATABASE_URL"]

    async def connect(self, *, is_forum: bool = False) -> None:
        """Make it known to Telegram and to the firm."""
        await self._sim.post(
            "chat",
            chat_id=self.id,
            title=self.title,
            is_forum=is_forum,
            members=dict.fromkeys(map(str, (self.client, MANAGER, ACCOUNTANT)), "member"),
        )
        self.rows(
            "insert into public.chats"
            " (chat_id, type, chat_name, assigned_accountant_id, schedule_id, monitoring_enabled, connected_at)"
            " select %s, 'supergroup', %s, u.id, s.id, true, now()"
            " from public.users as u, public.working_schedules as s"
            " where u.telegram_id = %s and s.around_the_clock order by s.created_at limit 1 returning id",
            self.id,
            self.title,
            ACCOUNTANT,
        )
        # An hour of tests is louder than an hour of work: nobody's alerts roll up into digests unless a test wants it.
        self.rows("update public.users set alerts_per_hour = 1000 where telegram_id is not null returning id")

    async def ask(self, text: str = "Где акт?", **more: Any) -> Message:
        """Write as the client."""
        return (await self._sim.say(self.client, self.id, text, **more)).message

    async def ask_long_ago(self, text: str = "Где акт?", *, minutes: int = 70, **more: Any) -> Message:
        """Write as the client, too long ago, and sweep: a test of what follows need not wait for the next tick."""
        question = await self.ask(text, minutes_ago=minutes, **more)
        await self._sim.until_delivered()
        self.sweep()
        return question

    def sweep(self) -> None:
        """Raise what is due, as jobs do every five seconds."""
        self.rows("select api.claim_due()")

    async def answer(self, text: str = "Готово", **more: Any) -> Message:
        """Write as the accountant."""
        return (await self._sim.say(ACCOUNTANT, self.id, text, **more)).message

    async def alert(self, to: int = MANAGER, seconds: float = 20) -> Message:
        """Return the alert about this chat as soon as it is in somebody's private chat."""
        return await self._sim.until_message(to, lambda m: m.by_bot and self.title in m.words, seconds=seconds)

    async def told(self, to: int = MANAGER) -> list[Message]:
        """Return all that the bot tells somebody of this chat in private."""
        return [message for message in await self._sim.messages(to) if message.by_bot and self.title in message.words]

    async def until_alone(self, message: Message, seconds: float = 15) -> None:
        """Return when the person who has this message has nothing else of this chat."""
        async with asyncio.timeout(seconds):
            while len(await self.told(message.chat_id)) != 1:  # noqa: ASYNC110 (over HTTP there are no events)
                await asyncio.sleep(0.05)
        assert [one.message_id for one in await self.told(message.chat_id)] == [message.message_id]

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Run a statement as an operator."""
        return operator(self._url).execute(query.encode(), values).fetchall()

    @property
    def messages(self) -> list[Row]:
        return self.rows("select * from api.chat_messages where chat_id = %s order by message_id", self.id)

    @property
    def windows(self) -> list[Row]:
        return self.rows("select * from api.client_requests where chat_id = %s order by opened_at", self.id)

    @property
    def alerts(self) -> list[Row]:
        return self.rows(
            "select a.* from api.sla_alerts as a join public.client_requests as w on w.id = a.request_id"
            " where w.chat_id = %s order by a.created_at",
            self.id,
        )

    @property
    def outbox(self) -> list[Row]:
        """Messages owed about this chat alone, to everybody, in order."""
        return self.rows(
            "select o.* from public.outbox as o join public.chats as c on c.id = o.subject_id where c.chat_id = %s"
            " order by o.position",
            self.id,
        )

    def owed(self, to: int = MANAGER) -> Row:
        """Return the one message that somebody is owed about this chat."""
        (message,) = [message for message in self.outbox if message["recipient_chat_id"] == to]
        return message
