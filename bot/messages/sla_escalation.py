"""Words of alerts: who waits, how long, for whom; and the button that takes the window."""

from datetime import datetime
from uuid import UUID

from aiogram import html
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages.buttons import ACKNOWLEDGE, Buttons

_MINUTES_IN_HOUR = 60


class AlertFacts(BaseModel):
    """A window as `private.alert_facts` describes it; minutes are working minutes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: UUID
    chat_name: str
    asked_by: str | None
    last_message: str | None
    message_count: int
    opened_at: datetime
    target_minutes: int
    waited_minutes: int | None
    accountant: str | None
    acknowledged_by: str | None


def duration(minutes: int) -> str:
    """Return minutes as people read them: «47 мин», «2 ч», «2 ч 5 мин»."""
    hours, rest = divmod(minutes, _MINUTES_IN_HOUR)
    if not hours:
        return f"{rest} мин"
    return f"{hours} ч {rest} мин" if rest else f"{hours} ч"


def breach(facts: AlertFacts) -> str:
    """Return the alert as Telegram HTML: chat, wait in working time, last phrase, owner, who took it."""
    waited = duration(facts.waited_minutes or 0)
    phrase = f"«{html.quote(facts.last_message)}»" if facts.last_message else "без текста"
    lines = [
        f"🔴 <b>{html.quote(facts.chat_name)}</b>: клиент ждёт ответа {waited}",
        f"Норма — {duration(facts.target_minutes)} рабочего времени.",
        "",
        f"{html.quote(facts.asked_by or 'Клиент')}: {phrase}",
        f"Ответственный: {html.quote(facts.accountant)}" if facts.accountant else "Ответственный не назначен",
    ]
    if facts.acknowledged_by:
        lines.append(f"✅ В работе: {html.quote(facts.acknowledged_by)}")
    return "\n".join(lines)


def breach_keyboard(facts: AlertFacts, buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Return the buttons of an alert; none once somebody has taken the window."""
    if facts.acknowledged_by:
        return None
    take = InlineKeyboardButton(text="Взял в работу", callback_data=buttons.pack(ACKNOWLEDGE, facts.request_id))
    return InlineKeyboardMarkup(inline_keyboard=[[take]])


def taken(facts: AlertFacts) -> str:
    """Return the toast after a press: whose the window is now."""
    return f"В работе: {facts.acknowledged_by}. Часы идут до ответа клиенту."
