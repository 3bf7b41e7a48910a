"""Words of alerts: who waits in one chat and how long, the buttons under it, and what a press is answered."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import Buttons
from bot.messages.windows import (
    LISTED_NAME,
    LISTED_PHRASE,
    NAME,
    PHRASE,
    TITLE,
    MessageFacts,
    WindowFacts,
    duration,
    ending,
    holder,
    mark,
    phrase,
    quoted,
    rest,
    share,
    wait,
)

_MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
_TOAST_NAMES = 120


class PressResult(BaseModel):
    """What a press did, as `api.press_alert` returns it; `timezone` is the firm's."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    outcome: str
    by: str | None = None
    remind_at: datetime | None = None
    timezone: str | None = None


def alert(facts: MessageFacts) -> str:
    """Return one chat's windows as Telegram HTML: one in full, several as a list; how they ended when nobody waits."""
    if not facts.waiting:
        return _ended(facts)
    lines = _one(facts.waiting_windows[0]) if facts.waiting == 1 else _several(facts)
    if facts.closed:
        lines.append(f"✅ Больше не ждут: {facts.closed}")
    return "\n".join(lines)


def keyboard(facts: MessageFacts, message_id: UUID, buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Return the buttons under an alert or a digest; none when nobody waits."""

    def button(text: str, verb: str) -> InlineKeyboardButton:
        return InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, message_id))

    if not facts.waiting:
        return None
    waiting = facts.waiting_windows
    acts = []
    if facts.waiting > len(waiting) or not all(window.acknowledged_by for window in waiting):
        acts.append(button("Взял в работу", verbs.TAKE))
    if facts.waiting == 1:
        acts.append(button("Ответ не нужен", verbs.NO_ANSWER_NEEDED))
    reminders = [
        button("Через 30 мин", verbs.REMIND_30),
        button("Через 1 ч", verbs.REMIND_60),
        button("При открытии", verbs.REMIND_OPENING),
    ]
    rows = [acts, reminders]
    # A digest tells of several chats: its links are in its lines.
    if facts.chat_name and waiting[0].chat_url:
        rows.append([InlineKeyboardButton(text="Открыть чат", url=waiting[0].chat_url)])
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def outdated() -> str:
    """Return what is left of an alert that a newer one took the place of, where it cannot be deleted."""
    return "Это сообщение устарело, новое — ниже."


def toast(result: PressResult, now: datetime) -> str:
    """Return what the presser reads: plain text of at most 200 characters."""
    names = (result.by or "")[:_TOAST_NAMES]
    if result.remind_at:
        return f"Напомню {_moment(result.remind_at, now, result.timezone or 'UTC')}."
    if result.outcome == "excused":
        return "Отмечено: ответ не нужен."
    if result.outcome == "already_taken":
        return f"Уже в работе: {names}."
    return f"В работе: {names}. Часы идут до ответа клиенту."


def _one(window: WindowFacts) -> list[str]:
    lines = [
        *_headline(window),
        "",
        f"{quoted(window.asked_by or 'Клиент', NAME)}: {phrase(window, PHRASE)}"
        + (f" (сообщений: {window.message_count})" if window.message_count > 1 else ""),
        _owner(window),
    ]
    if window.acknowledged_by:
        lines.append(f"✅ В работе: {quoted(window.acknowledged_by, NAME)}")
    return lines


def _headline(window: WindowFacts) -> list[str]:
    start = f"{mark(window)} <b>{quoted(window.chat_name, TITLE)}</b>: клиент ждёт"
    if window.outcome == "overdue":
        lines = [
            f"{start} ответа {duration(window.waited)}",
            f"Норма — {duration(window.target_minutes)} рабочего времени.",
        ]
        if window.level:
            over = duration(max(window.waited - window.target_minutes, 0))
            lines.append(f"Уровень {window.level}: ответа нет уже {over} сверх нормы.")
        return lines
    left = duration(max(window.target_minutes - window.waited, 0))
    lines = [f"{start} {share(window)} — осталось {left} рабочего времени"]
    return [*lines, "Срок изменился, просрочки пока нет."] if window.breach_voided else lines


def _several(facts: MessageFacts) -> list[str]:
    waiting = facts.waiting_windows
    lines = [f"{mark(waiting[0])} <b>{_title(facts)}</b>. Ждут ответа: {facts.waiting}", ""]
    lines += [
        f"{mark(window)} {wait(window)} — {quoted(window.asked_by or 'Клиент', LISTED_NAME)}:"
        f" {phrase(window, LISTED_PHRASE)}{holder(window)}"
        for window in waiting
    ]
    return [*lines, *rest(facts.waiting, len(waiting)), "", _owner(waiting[0])]


def _ended(facts: MessageFacts) -> str:
    closed = facts.closed_windows
    if len(closed) != 1:
        lines = [f"✅ <b>{_title(facts)}</b>: больше никто не ждёт ответа"]
        lines += [f"• {ending(window, LISTED_NAME)}" for window in closed]
        return "\n".join([*lines, *rest(facts.closed, len(closed))])
    (window,) = closed
    line = f"✅ <b>{_title(facts)}</b>: {ending(window)}"
    if window.breach_voided and window.outcome == "met":
        return f"{line}\nОтвет пришёл вовремя, просрочки не было."
    return line


def _title(facts: MessageFacts) -> str:
    return quoted(facts.chat_name or "Чат", TITLE)


def _owner(window: WindowFacts) -> str:
    return f"Ответственный: {quoted(window.accountant, NAME)}" if window.accountant else "Ответственный не назначен"


def _moment(at: datetime, now: datetime, timezone: str) -> str:
    zone = ZoneInfo(timezone)
    local = at.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"{local.day} {_MONTHS[local.month - 1]} "
    return f"{day}в {local:%H:%M}"
