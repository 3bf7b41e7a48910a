"""The buttons under an answer to a frequent question."""

from typing import Any

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.errors import words
from bot.messages import faq_answer
from bot.messages.buttons import FAQ_VERBS, Buttons
from bot.toasts import toast
from infra.redis import Hints
from infra.supabase import Database, Refused

router = Router(name="faq_answer")


@router.callback_query(F.data.split(":")[0].in_(FAQ_VERBS))
async def judge(query: CallbackQuery, database: Database, buttons: Buttons, hints: Hints) -> None:
    """Hand the verdict over; SQL knows whose question it was, and what follows for the window (F10)."""
    pressed = buttons.unpack(query.data)
    if pressed is None:
        await toast(query, words("unknown_button"), show_alert=True)
        return
    try:
        row: Any = await database.call(
            "judge_faq_answer",
            answer_id=str(pressed.row),
            verdict=FAQ_VERBS[pressed.verb],
            telegram_id=query.from_user.id,
        )
    except Refused as refusal:
        await toast(query, words(refusal.key), show_alert=True)
        return
    hints.say("requests")
    if row["outcome"] != "not_helped" and isinstance(query.message, Message) and query.message.reply_markup:
        await query.message.edit_reply_markup(reply_markup=None)
    await toast(query, faq_answer.judged(row["outcome"]))
