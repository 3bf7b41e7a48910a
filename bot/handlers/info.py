"""`/info`: the state of the system, for admins."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message

from bot.identity import Person
from bot.messages import info
from bot.messages.info import State
from bot.refusals import say_refusals
from infra.supabase import Database

router = Router(name="info")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("info"))
async def tell_state(message: Message, person: Person, database: Database) -> None:
    """Say how things stand."""
    row = await database.call("system_state", telegram_id=person.telegram_id)
    await message.answer(info.state(State.model_validate(row), datetime.now(UTC), person.timezone))
