"""The buttons under an alert."""

from datetime import UTC, datetime
from typing import Any

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.messages import sla_escalation
from bot.messages.buttons import ALERT_VERBS, CLASS_VERBS, Pressed
from bot.messages.sla_escalation import PressResult
from bot.pressing import Says
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

router = Router(name="sla_escalation")
say_refusals(router)


@router.callback_query(Says(*ALERT_VERBS))
async def press(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """SQL decides whether the presser may and what follows; the message itself is edited by way of the outbox (S5)."""
    row = await database.call(
        "press_alert", message_id=str(pressed.row), verb=pressed.verb, telegram_id=query.from_user.id
    )
    await toast(query, sla_escalation.toast(PressResult.model_validate(row), datetime.now(UTC)))


@router.callback_query(Says(*CLASS_VERBS))
async def correct(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """Say what a client's message is after all; the alert follows by way of the outbox, the next rules from it."""
    row: Any = await database.call(
        "reclassify_request",
        request_id=str(pressed.row),
        classification=pressed.verb,
        telegram_id=query.from_user.id,
    )
    await toast(query, sla_escalation.corrected(row["outcome"]))
