"""`/faq`: what the firm answers to frequent questions."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message, User

from bot.messages import faq
from bot.messages.faq import Found
from bot.refusals import say_refusals
from infra.supabase import Database

router = Router(name="faq")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("faq"))
async def tell_answers(message: Message, command: CommandObject, event_from_user: User, database: Database) -> None:
    """Say what fits the words that follow, or what is asked most."""
    row = await database.call("staff_faq", telegram_id=event_from_user.id, words=command.args or "")
    await message.answer(faq.answers(Found.model_validate(row)))
