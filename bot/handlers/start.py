"""`/start` in private: a bot may write only to who wrote first."""

from typing import Any

from aiogram import F, Router
from aiogram.filters import CommandStart
from aiogram.types import Message, User

from bot.messages import start
from infra.supabase import Database

router = Router(name="start")
router.message.filter(F.chat.type == "private")


@router.message(CommandStart())
async def greet(message: Message, event_from_user: User, database: Database) -> None:
    """Greet by name whom the firm knows."""
    name: Any = await database.call("greet", telegram_id=event_from_user.id)
    await message.answer(start.greeting(name))
