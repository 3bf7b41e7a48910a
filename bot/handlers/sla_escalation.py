"""The button under an alert."""

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, Message

from bot.errors import words
from bot.messages import sla_escalation
from bot.messages.buttons import ACKNOWLEDGE, Buttons
from infra.redis import Hints
from infra.supabase import Database, Refused

router = Router(name="sla_escalation")


@router.callback_query(F.data.startswith(f"{ACKNOWLEDGE}:"))
async def acknowledge(query: CallbackQuery, database: Database, buttons: Buttons, hints: Hints) -> None:
    """«Взял в работу»: SQL decides whether the presser may, the first press counts (S5)."""
    request_id = buttons.unpack(ACKNOWLEDGE, query.data)
    if request_id is None:
        await query.answer(words("unknown_button"), show_alert=True)
        return
    try:
        row = await database.call("acknowledge_request", request_id=str(request_id), telegram_id=query.from_user.id)
    except Refused as refusal:
        await _toast(query, words(refusal.key), show_alert=True)
        if refusal.key == "request_already_closed" and isinstance(query.message, Message):
            # Nothing is left to take: an alert that looks alive would be pressed again.
            await query.message.edit_reply_markup(reply_markup=None)
        return
    hints.say("requests")
    facts = sla_escalation.AlertFacts.model_validate(row)
    await _toast(query, sla_escalation.taken(facts))
    if isinstance(query.message, Message):
        await _show_taken(query.message, facts, buttons)


async def _toast(query: CallbackQuery, text: str, *, show_alert: bool = False) -> None:
    try:
        await query.answer(text, show_alert=show_alert)
    except TelegramBadRequest as refusal:
        # The press came late, after an outage: Telegram shows no toast any more, but what was pressed is done.
        if "query is too old" not in refusal.message:
            raise


async def _show_taken(message: Message, facts: sla_escalation.AlertFacts, buttons: Buttons) -> None:
    try:
        await message.edit_text(
            sla_escalation.breach(facts), reply_markup=sla_escalation.breach_keyboard(facts, buttons)
        )
    except TelegramBadRequest as refusal:
        # A second press of the same button finds the message as it should be.
        if "not modified" not in refusal.message:
            raise


@router.callback_query()
async def unknown(query: CallbackQuery) -> None:
    """Answer every press: a button nobody knows any more must not spin for ever."""
    await query.answer(words("unknown_button"), show_alert=True)
