"""Telegram's limits and faults on order."""

import time

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError, TelegramRetryAfter, TelegramServerError

from infra.local.telegram.client import SimulatorClient
from infra.local.telegram.errors import ApiError
from infra.local.telegram.limits import Limits

GROUP = -1001000000001


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(limits: Limits, chat_id: int) -> int:
    """Return retry_after, or 0 when the message passes."""
    try:
        limits.spend(chat_id)
    except ApiError as error:
        return int(error.parameters["retry_after"])
    return 0


def test_one_chat_takes_a_burst_and_then_one_message_a_second() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    assert [refused(limits, 1002) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    clock.now += 1
    assert [refused(limits, 1002) for _ in range(2)] == [0, 1]


def test_a_group_takes_twenty_messages_a_minute() -> None:
    clock = Clock()
    limits = Limits(clock=clock)
    passed, end = 0, 180
    while clock.now < end:
        passed += refused(limits, GROUP) == 0
        clock.now += 0.5
    # Three minutes: 20 a minute, and the 20 that a fresh chat has saved up.
    assert 79 <= passed <= 80
    assert refused(limits, GROUP) in {1, 2, 3}


def test_thirty_messages_a_second_in_all() -> None:
    limits = Limits(clock=Clock())
    assert [refused(limits, chat_id) for chat_id in range(1, 32)] == [0] * 30 + [1]


async def test_too_many_requests_say_how_long_to_wait_until_limits_are_off(bot: Bot, sim: SimulatorClient) -> None:
    for _ in range(5):
        await bot.send_message(1002, "быстро")
    with pytest.raises(TelegramRetryAfter) as refusal:
        await bot.send_message(1002, "быстро")
    assert refusal.value.retry_after == 1
    await sim.limits(on=False)
    for _ in range(10):
        await bot.send_message(1002, "быстро")


async def test_the_next_calls_fail_as_ordered(bot: Bot, sim: SimulatorClient) -> None:
    await sim.faults({"method": "sendMessage", "times": 2, "code": 502, "description": "Bad Gateway"})
    for _ in range(2):
        with pytest.raises(TelegramServerError, match="Bad Gateway"):
            await bot.send_message(1002, "x")
    await bot.send_message(1002, "дошло")
    flood = {"code": 429, "description": "Too Many Requests: retry after 300", "parameters": {"retry_after": 300}}
    await sim.faults({"chat_id": 1003, **flood})
    await bot.send_message(1002, "не ему")
    with pytest.raises(TelegramRetryAfter) as refusal:
        await bot.send_message(1003, "ему")
    assert refusal.value.retry_after == 300
    await sim.faults({"words": "Ромашка", **flood})
    await bot.send_message(1003, "о другом")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(1003, "ООО «Ромашка» ждёт")


async def test_work_can_be_done_and_its_answer_lost(bot: Bot, sim: SimulatorClient) -> None:
    await sim.faults({"method": "sendMessage", "code": 504, "description": "Gateway Timeout", "done": True})
    with pytest.raises(TelegramServerError):
        await bot.send_message(1002, "всё-таки дошло")
    await sim.until_message(1002, "всё-таки дошло")


async def test_a_call_can_hang(bot: Bot, sim: SimulatorClient) -> None:
    await sim.faults({"method": "sendMessage", "hang_seconds": 0.5})
    started = time.monotonic()
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(1002, "x", request_timeout=1 / 10)  # type: ignore[arg-type]
    assert time.monotonic() - started < 0.5


async def test_calls_are_written_down(bot: Bot, sim: SimulatorClient) -> None:
    sent = await bot.send_message(1002, "раз")
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(1002, "")
    first, second = await sim.calls("sendMessage")
    assert (first.message_id, first.parameters["text"], first.error_code) == (sent.message_id, "раз", None)
    assert (second.error_code, second.description) == (400, "Bad Request: message text is empty")
    assert await sim.calls(since=second.id) == []
