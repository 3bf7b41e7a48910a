"""Words of an answer to a frequent question, and of what the client says of it."""

from typing import Literal
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.messages.buttons import FAQ_HELPED, FAQ_NOT_HELPED, Buttons
from bot.messages.quoting import verbatim
from bot.messages.replies import Place
from infra.words import N_, _

Outcome = Literal["helped", "waits", "not_helped"]

# Telegram takes 4096 UTF-16 units, and the firm writes so many signs at most: only those that count twice are too many.
_ANSWER_LIMIT = 4096

_OUTCOMES: dict[Outcome, str] = {
    "helped": N_("Рады, что помогло."),
    "waits": N_("Рады, что помогло. На остальное ответит бухгалтер."),
    "not_helped": N_("Ответит бухгалтер, он видит ваш вопрос."),
}


class Offer(Place):
    """An answer, as `api.answer_questions` owes it."""

    faq_answer: UUID
    answer: str


def offer(facts: Offer) -> str:
    """Return the answer, which is the firm's own text."""
    return verbatim(facts.answer, _ANSWER_LIMIT)


def keyboard(facts: Offer, buttons: Buttons) -> InlineKeyboardMarkup:
    """Return the two verdicts."""
    offered = ((_("Спасибо, помогло"), FAQ_HELPED), (_("Не помогло"), FAQ_NOT_HELPED))
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, facts.faq_answer))
                for text, verb in offered
            ]
        ]
    )


def judged(outcome: Outcome) -> str:
    """Return what the client reads who has pressed."""
    return _(_OUTCOMES[outcome])
