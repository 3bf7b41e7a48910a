"""The buttons under an alert."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery

from bot.errors import words
from bot.messages import sla_escalation
from bot.messages.buttons import ALERT_VERBS, Buttons
from bot.messages.sla_escalation import PressResult
from infra.redis import Hints
from infra.supabase import Database, Refused

router = Router(name="sla_escalation")


@router.callback_query(F.data.split(":")[0].in_(ALERT_VERBS))
async def press(query: CallbackQuery, database: Database, buttons: Buttons, hints: Hints) -> None:
    """SQL decides whether the presser may and what follows; the message itself is edited by way of the outbox (S5)."""
    pressed = buttons.unpack(query.data)
    if pressed is None:
        await _toast(query, words("unknown_button"), show_alert=True)
        return
    try:
        row = await database.call(
            "press_alert", message_id=str(pressed.row), verb=pressed.verb, telegram_id=query.from_user.id
        )
    except Refused as refusal:
        await _toast(query, words(refusal.key), show_alert=True)
        return
    hints.say("requests")
    await _toast(query, sla_escalation.toast(PressResult.model_validate(row), datetime.now(UTC)))


@router.callback_query()
async def unknown(query: CallbackQuery) -> None:
    """Answer every press: a button nobody knows any more must not spin for ever."""
    await _toast(query, words("unknown_button"), show_alert=True)


async def _toast(query: CallbackQuery, text: str, *, show_alert: bool = False) -> None:
    try:
        await query.answer(text, show_alert=show_alert)
    except TelegramBadRequest as refusal:
        # The press came late, after an outage: Telegram shows no toast any more, but what was pressed is done.
        if "query is too old" not in refusal.message:
            raise
