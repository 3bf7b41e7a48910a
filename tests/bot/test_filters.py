"""Filters run in the loop that asks, and not in a thread."""

import threading
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import Message

from bot import dispatcher
from bot.conversation import Conversations
from bot.filters import filters_of, keep_in_the_loop
from bot.identity import identities
from bot.throttling import Throttle
from bot.turns import Turns
from infra.caching import IDENTITY, Shelf
from infra.outage import Outage
from infra.redis import connect
from infra.supabase import Database, open_http
from infra.throttling import Limiter

ANNA = {"id": 7, "is_bot": False, "first_name": "Анна"}
MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "from": ANNA}


class Form(StatesGroup):
    name = State()


async def heard(text: str, *, state: State | None = None) -> tuple[list[str], set[int]]:
    """Return which handlers took the text, and the threads in which filters looked at it."""
    asked, took, threads = Dispatcher(), list[str](), set[int]()

    def is_short(message: Message) -> bool:
        threads.add(threading.get_ident())
        return len(message.text or "") < 5

    async def take(_: Message, **given: Any) -> None:
        took.append(str(given.get("digits", "no digits")))

    asked.message.filter(F.chat.type == "private", is_short)
    asked.message.register(take, F.text.regexp(r"\d+").as_("digits"))
    asked.message.register(take, Form.name, F.text)
    keep_in_the_loop(asked)
    bot = Bot("1:x")
    context = asked.fsm.get_context(bot, 7, 7)
    await context.set_state(state)
    await asked.feed_raw_update(bot, {"update_id": 1, "message": {**MESSAGE, "text": text}})
    return took, threads


@pytest.mark.parametrize(
    ("text", "state", "took"),
    [("12", None, 1), ("ab", None, 0), ("ab", Form.name, 1), ("12345", None, 0), ("1", Form.name, 1)],
)
async def test_filters_choose_as_before_and_stay_where_they_are_asked(
    text: str, state: State | None, took: int
) -> None:
    found, threads = await heard(text, state=state)
    assert (len(found), threads) == (took, {threading.get_ident()})


async def test_what_a_filter_finds_still_reaches_the_handler() -> None:
    (digits,), _ = await heard("12")
    assert "12" in digits


async def test_none_of_the_bots_filters_goes_to_a_thread() -> None:
    async with open_http() as http, connect("redis://127.0.0.1:9/0") as nowhere:
        outage = Outage()
        people = identities(Database(http, "http://127.0.0.1:9", "key"), Shelf(nowhere, outage, IDENTITY))
        turns, limiter = Turns(nowhere, outage), Limiter(nowhere, outage)
        built = dispatcher.build(Throttle(limiter, 30), people, Conversations(nowhere, outage, turns), turns)
    found = [*filters_of(built)]
    assert len(found) > 50
    assert all(one.awaitable for one in found)
