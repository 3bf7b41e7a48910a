"""`/language`: everybody chooses in private in which language the bot writes to them."""

import structlog
from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.messages import language
from bot.messages.buttons import LANGUAGE_VERBS, Buttons, Pressed
from bot.pressing import Says
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database
from infra.words import speaking

log = structlog.get_logger()

router = Router(name="language")
say_refusals(router)


@router.message(Command("language"), F.chat.type == "private")
async def ask(message: Message, event_from_user: User, buttons: Buttons) -> None:
    """Offer what there is."""
    await message.answer(language.question(), reply_markup=language.keyboard(event_from_user.id, buttons))


@router.callback_query(Says(*LANGUAGE_VERBS))
async def choose(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """SQL keeps the choice; the question stays, so that it can be answered again."""
    locale = language.locale_of(pressed.verb)
    await database.call("choose_language", telegram_id=query.from_user.id, locale=locale)
    log.info("language_chosen", locale=locale)
    with speaking(locale):
        await toast(query, language.chosen())
