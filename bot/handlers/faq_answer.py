"""The buttons under an answer to a frequent question."""

from typing import Any

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.messages import faq_answer
from bot.messages.buttons import FAQ_VERBS, Pressed
from bot.pressing import Says
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

router = Router(name="faq_answer")
say_refusals(router)


@router.callback_query(Says(*FAQ_VERBS))
async def judge(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """Hand the verdict over; SQL knows whose question it was, and what follows for the window (F10)."""
    row: Any = await database.call(
        "judge_faq_answer",
        answer_id=str(pressed.row),
        verdict=FAQ_VERBS[pressed.verb],
        telegram_id=query.from_user.id,
    )
    if row["outcome"] != "not_helped" and isinstance(query.message, Message) and query.message.reply_markup:
        await query.message.edit_reply_markup(reply_markup=None)
    await toast(query, faq_answer.judged(row["outcome"]))
