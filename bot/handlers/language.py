"""`/language`: everybody chooses in private in which language the bot writes to them."""

import structlog
from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.errors import words
from bot.messages import language
from bot.messages.buttons import LANGUAGE_VERBS, Buttons
from bot.toasts import toast
from infra.supabase import Database, Refused
from infra.words import speaking

log = structlog.get_logger()

router = Router(name="language")


@router.message(Command("language"), F.chat.type == "private")
async def ask(message: Message, event_from_user: User, buttons: Buttons) -> None:
    """Offer what there is."""
    await message.answer(language.question(), reply_markup=language.keyboard(event_from_user.id, buttons))


@router.callback_query(F.data.split(":")[0].in_(LANGUAGE_VERBS))
async def choose(query: CallbackQuery, database: Database, buttons: Buttons) -> None:
    """SQL keeps the choice; the question stays, so that it can be answered again."""
    pressed = buttons.unpack(query.data)
    if pressed is None:
        await toast(query, words("unknown_button"), show_alert=True)
        return
    locale = language.locale_of(pressed.verb)
    try:
        await database.call("choose_language", telegram_id=query.from_user.id, locale=locale)
    except Refused as refusal:
        await toast(query, words(refusal.key), show_alert=True)
        return
    log.info("language_chosen", locale=locale)
    with speaking(locale):
        await toast(query, language.chosen())
