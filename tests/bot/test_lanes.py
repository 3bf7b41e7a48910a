"""Order within a chat, side by side between chats."""

import asyncio

import pytest

from bot.lanes import Lanes


async def test_one_chat_is_in_order_and_another_does_not_wait() -> None:
    lanes, done, gate = Lanes(), [], asyncio.Event()

    async def first() -> None:
        await gate.wait()
        done.append("first")

    async def note(word: str) -> None:
        done.append(word)

    lanes.start(1, first)
    lanes.start(1, lambda: note("second"))
    await lanes.run(2, lambda: note("elsewhere"))
    assert done == ["elsewhere"]
    gate.set()
    await lanes.drain(1)
    assert done == ["elsewhere", "first", "second"]


async def test_what_fails_reaches_who_waits_and_not_who_comes_next() -> None:
    lanes, done = Lanes(), []

    async def fail() -> None:
        raise LookupError

    async def work() -> None:
        done.append(True)

    with pytest.raises(LookupError):
        await lanes.run(1, fail)
    await lanes.run(1, work)
    assert done == [True]


async def test_a_drain_does_not_wait_for_ever() -> None:
    lanes, never = Lanes(), asyncio.Event()

    async def hang() -> None:
        await never.wait()

    lanes.start(1, hang)
    async with asyncio.timeout(1):
        await lanes.drain(0.01)
    never.set()
    await lanes.drain(1)
