"""Words about the language in which the bot writes."""

from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from babel import Locale

from bot.messages.buttons import LANGUAGE_VERBS, Buttons
from infra.words import _


def question() -> str:
    """Return what is asked."""
    return _("На каком языке вам писать?")


def keyboard(telegram_id: int, buttons: Buttons) -> InlineKeyboardMarkup:
    """Return a button for each language, named in itself. The row in it is the person: there is no other."""
    row = UUID(int=telegram_id)
    offers = [
        InlineKeyboardButton(text=_own_name(locale_of(verb)), callback_data=buttons.pack(verb, row))
        for verb in LANGUAGE_VERBS
    ]
    return InlineKeyboardMarkup(inline_keyboard=[offers])


def chosen() -> str:
    """Return what confirms the choice, in the language chosen."""
    return _("Дальше пишу вам по-русски.")


def locale_of(verb: str) -> str:
    """Return the language that a button stands for."""
    return verb.rpartition("_")[2]


def _own_name(locale: str) -> str:
    return (Locale(locale).get_language_name(locale) or locale).capitalize()
