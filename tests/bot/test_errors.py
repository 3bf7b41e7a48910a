"""Refusals in words."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from aiogram import Dispatcher
from aiogram.types import Message

from admin.reasons import KEYS
from bot import errors
from infra import telegram
from infra.local.telegram.client import SimulatorClient
from infra.words import LANGUAGES, speaking
from tests.stack import Stack
from tests.world import ClientChat

# Said to no person: a mistake of ours, the operator's shell, Auth, or what a function takes back itself.
UNSAID = {
    "alert_to_a_stranger",
    "audit_is_append_only",
    "not_of_the_firm",
    "notice_of_nothing",
    "only_exact_counts",
    "updates_are_not_a_list",
}
UNSAID |= {"email_is_fixed", "invitation_is_for_another", "invitation_is_live", "person_is_named", "person_is_needed"}
UNSAID |= {"person_was_told", "windows_are_measured_by_it", "list_has_errors", "only_a_trial", "unknown_setting"}
UNSAID |= {"asked_is_chosen"}


def test_every_key_that_sql_refuses_with_has_words() -> None:
    migrations = (Path(__file__).parents[2] / "supabase" / "migrations").glob("*.sql")
    raised = {key for migration in migrations for key in re.findall(r"raise exception '(\w+)'", migration.read_text())}
    assert raised - errors.REFUSALS.keys() - KEYS.keys() == UNSAID


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_has_words_that_fit_a_toast(language: str) -> None:
    with speaking(language):
        for key in errors.REFUSALS:
            assert 0 < len(errors.words(key)) <= 200


@pytest.fixture
async def failing(stack: Stack) -> AsyncIterator[Callable[[int, str], Awaitable[None]]]:
    """Hands a bot a message that its handler fails at; the bot speaks to the simulator."""
    bot = telegram.connect(stack.env["TELEGRAM_BOT_TOKEN"], stack.env["TELEGRAM_API_URL"])
    dispatcher = Dispatcher()
    errors.register(dispatcher)

    async def fail(_: Message) -> None:
        raise LookupError("Где акт?")

    dispatcher.message.register(fail)

    async def hand_over(chat_id: int, kind: str) -> None:
        said = {"message_id": 1, "date": 1_780_000_000, "chat": {"id": chat_id, "type": kind}, "text": "Где акт?"}
        await dispatcher.feed_raw_update(bot, {"update_id": 1, "message": said})

    yield hand_over
    await bot.session.close()


async def test_a_person_is_told_a_number_and_the_log_has_the_rest_under_it(
    failing: Callable[[int, str], Awaitable[None]], sim: SimulatorClient
) -> None:
    person = 900_000_000 + secrets.randbelow(10**8)
    last = (await sim.start(person)).message.message_id
    with structlog.testing.capture_logs() as log:
        await failing(person, "private")
    told = await sim.until_message(person, "Не получилось", since=last)
    assert log[0]["event"] == "handler_failed"
    assert log[0]["reference"] in told.words
    assert "LookupError" not in told.words


async def test_a_group_is_not_told_of_our_failures(
    failing: Callable[[int, str], Awaitable[None]], sim: SimulatorClient, chat: ClientChat
) -> None:
    with structlog.testing.capture_logs() as log:
        await failing(chat.id, "supergroup")
    assert [line["event"] for line in log] == ["handler_failed"]
    assert [one for one in await sim.messages(chat.id) if one.by_bot] == []
