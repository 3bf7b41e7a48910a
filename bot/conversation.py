"""Conversations: how far a person has come in a form, kept in Redis for a day after the last word.

Soft on purpose: without Redis there is no form under way and everything else works (A12). What is lost explains itself:
beside each form stands, for a month, the thread to it, so that an answer that comes after its day, or to a Redis that
does not answer, is told from mere chatter (`bot.handlers.conversation`).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from aiogram import BaseMiddleware
from aiogram.fsm.context import FSMContext
from aiogram.fsm.storage.base import StateType, StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import Message, TelegramObject
from redis.asyncio import Redis

from bot.turns import KEYS, Turns
from infra.outage import Outage

LIFE = timedelta(hours=24)
THREAD_LIFE = timedelta(days=30)

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Conversations(RedisStorage):
    """aiogram's storage, open when Redis is down: reading finds nothing then, writing is lost, neither raises."""

    def __init__(self, redis: Redis, outage: Outage, turns: Turns) -> None:
        super().__init__(redis, KEYS, state_ttl=LIFE, data_ttl=LIFE)
        self._outage, self._turns = outage, turns

    async def get_state(self, key: StorageKey) -> str | None:
        """Return the state; the first time in a turn it came with the turn."""
        if key in self._turns.states:
            return self._turns.states.pop(key)
        read = super().get_state
        return await self._outage.ask(lambda: read(key), None)

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Move on, which gives the answers so far another day too; None ends the conversation."""
        write = super().set_state

        async def move() -> None:
            await write(key, state)
            if state is None:
                await self.redis.delete(self._thread(key))
            else:
                await self.redis.set(self._thread(key), b"1", ex=THREAD_LIFE)
                await self.redis.expire(self.key_builder.build(key, "data"), LIFE)

        await self._outage.ask(move, None)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        read = super().get_data
        nothing: dict[str, Any] = {}
        return await self._outage.ask(lambda: read(key), nothing)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep answers, which gives the state another day too."""
        write = super().set_data

        async def keep() -> None:
            await write(key, data)
            await self.redis.expire(self.key_builder.build(key, "state"), LIFE)

        await self._outage.ask(keep, None)

    async def close(self) -> None:
        """Leave the connection alone: whoever opened it closes it."""

    async def is_lost(self, key: StorageKey) -> bool:
        """Say, of a key without a state, whether there was one; a thread is found once. True while nobody can tell."""
        return bool(await self._outage.ask(lambda: self.redis.delete(self._thread(key)), 1))

    def _thread(self, key: StorageKey) -> str:
        return f"{self.key_builder.build(key)}:thread"


class LeaveOnCommand(BaseMiddleware):
    """A command ends the form that was under way: nobody is held in a conversation that they have turned from."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the command as if there had been no form."""
        state: FSMContext | None = data.get("state")
        if state and data.get("raw_state") and isinstance(event, Message) and (event.text or "").startswith("/"):
            await state.clear()
            data = {**data, "raw_state": None}
        return await handler(event, data)
