"""The buttons under an alert."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.types import CallbackQuery

from bot.errors import words
from bot.messages import sla_escalation
from bot.messages.buttons import ALERT_VERBS, Buttons
from bot.messages.sla_escalation import PressResult
from bot.toasts import toast
from infra.redis import Hints
from infra.supabase import Database, Refused

router = Router(name="sla_escalation")


@router.callback_query(F.data.split(":")[0].in_(ALERT_VERBS))
async def press(query: CallbackQuery, database: Database, buttons: Buttons, hints: Hints) -> None:
    """SQL decides whether the presser may and what follows; the message itself is edited by way of the outbox (S5)."""
    pressed = buttons.unpack(query.data)
    if pressed is None:
        await toast(query, words("unknown_button"), show_alert=True)
        return
    try:
        row = await database.call(
            "press_alert", message_id=str(pressed.row), verb=pressed.verb, telegram_id=query.from_user.id
        )
    except Refused as refusal:
        await toast(query, words(refusal.key), show_alert=True)
        return
    hints.say("requests")
    await toast(query, sla_escalation.toast(PressResult.model_validate(row), datetime.now(UTC)))
