"""Refusals in words."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import structlog
from aiogram import Dispatcher
from aiogram.types import Message

from bot import errors
from infra import telegram
from infra.local.telegram.client import SimulatorClient
from infra.words import LANGUAGES, speaking
from tests.stack import Stack
from tests.world import ClientChat

# Never said to the bot: it sends nothing else than lists, and recipients are chosen by the database alone.
UNSAID = {"updates_are_not_a_list", "alert_to_a_stranger", "audit_is_append_only"}
# Said to the admin, to Auth or to the operator only.
UNSAID |= {"unknown_person", "role_is_unknown", "last_admin", "person_is_needed", "email_is_fixed"}
UNSAID |= {f"invitation_{end}" for end in ("unknown", "used", "revoked", "expired", "is_live", "is_for_another")}
UNSAID |= {"only_exact_counts", "person_is_unknown", "notice_of_nothing"}
UNSAID |= {"person_was_told", "person_is_named", "windows_are_measured_by_it"}
UNSAID |= {"too_many_invitations", "invitations_are_not_a_list"}
# Schedules and policies are edited in the admin alone; a trial is taken back where it was made.
UNSAID |= {"unknown_schedule", "schedule_has_no_name", "schedule_name_taken", "schedule_is_in_use", "only_a_trial"}
UNSAID |= {"timezone_is_unknown", "hours_are_malformed", "hours_overlap", "dates_are_backwards", "too_many_dates"}
UNSAID |= {"date_has_no_reason", "policy_has_no_name", "step_without_recipients", "breach_told_to_nobody"}
UNSAID |= {"steps_out_of_order", "step_is_for_a_stranger", "nobody_to_tell"}


def test_every_key_that_sql_refuses_with_has_words() -> None:
    migrations = (Path(__file__).parents[2] / "supabase" / "migrations").glob("*.sql")
    raised = {key for migration in migrations for key in re.findall(r"raise exception '(\w+)'", migration.read_text())}
    assert raised - UNSAID <= errors.REFUSALS.keys()


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
