"""`/mystats`: one's own figures, from the rows that every report counts (S15)."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message, User
from pydantic import TypeAdapter

from bot.messages import stats
from bot.messages.stats import Period
from bot.refusals import say_refusals
from infra.supabase import Database

PERIODS = TypeAdapter(list[Period])

router = Router(name="stats")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("mystats"))
async def tell_stats(message: Message, event_from_user: User, database: Database) -> None:
    """Say how many answers came in time."""
    rows = await database.call("staff_stats", telegram_id=event_from_user.id)
    await message.answer(stats.stats(PERIODS.validate_python(rows)))
