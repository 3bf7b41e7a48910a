"""Words of alerts: who waits in one chat and how long, the buttons under it, and what a press is answered."""

from datetime import datetime
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import Buttons
from bot.messages.quoting import LISTED_NAME, LISTED_PHRASE, NAME, PHRASE, TITLE, quoted
from bot.messages.times import duration, moment
from bot.messages.windows import MessageFacts, WindowFacts, ending, holder, mark, phrase, rest, share, wait
from infra.words import _, ngettext, number

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
        lines.append(_("✅ Больше не ждут: {n}").format(n=number(facts.closed)))
    return "\n".join(lines)


def keyboard(facts: MessageFacts, message_id: UUID, buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Return the buttons under an alert or a digest; when nobody waits, only what takes a mistake back."""

    def button(text: str, verb: str) -> InlineKeyboardButton:
        return InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, message_id))

    if not facts.waiting:
        mistake = corrections(facts.windows[0], buttons) if len(facts.windows) == facts.closed == 1 else []
        return InlineKeyboardMarkup(inline_keyboard=[mistake]) if mistake else None
    waiting = facts.waiting_windows
    acts = []
    if facts.waiting > len(waiting) or not all(window.acknowledged_by for window in waiting):
        acts.append(button(_("Взял в работу"), verbs.TAKE))
    if facts.waiting == 1:
        acts.append(button(_("Ответ не нужен"), verbs.NO_ANSWER_NEEDED))
    reminders = [
        button(_("Через 30 мин"), verbs.REMIND_30),
        button(_("Через 1 ч"), verbs.REMIND_60),
        button(_("При открытии"), verbs.REMIND_OPENING),
    ]
    rows = [acts, reminders, corrections(waiting[0], buttons) if facts.waiting == 1 else []]
    # A digest tells of several chats: its links are in its lines.
    if facts.chat_name and waiting[0].chat_url:
        rows.append([InlineKeyboardButton(text=_("Открыть чат"), url=waiting[0].chat_url)])
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def corrections(window: WindowFacts, buttons: Buttons) -> list[InlineKeyboardButton]:
    """Return the buttons that say what the client's message is after all (S2)."""
    if window.waits:
        offered = [(_("Это благодарность"), verbs.THANKS), (_("Это спам"), verbs.SPAM)]
    else:
        offered = [(_("Это вопрос"), verbs.QUESTION)] if window.was_let_go else []
    return [
        InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, window.request_id)) for text, verb in offered
    ]


def corrected(outcome: str) -> str:
    """Return what follows from a correction, as `api.reclassify_request` tells it: plain text for a toast."""
    if outcome == "waits":
        return _("Записано: клиент ждёт ответа.")
    if outcome == "excused":
        return _("Записано: ответ не нужен.")
    return _("Записано. Обращение уже закрыто, его время не изменилось.")


def outdated() -> str:
    """Return what is left of an alert that a newer one took the place of, where it cannot be deleted."""
    return _("Это сообщение устарело, новое — ниже.")


def toast(result: PressResult, now: datetime) -> str:
    """Return what the presser reads: plain text of at most 200 characters."""
    names = (result.by or "")[:_TOAST_NAMES]
    if result.remind_at:
        return _("Напомню {moment}.").format(moment=moment(result.remind_at, now, result.timezone or "UTC"))
    if result.outcome == "excused":
        return _("Отмечено: ответ не нужен.")
    if result.outcome == "already_taken":
        return _("Уже в работе: {names}.").format(names=names)
    return _("В работе: {names}. Часы идут до ответа клиенту.").format(names=names)


def _one(window: WindowFacts) -> list[str]:
    lines = [*_headline(window), "", _last_words(window), _owner(window)]
    if window.acknowledged_by:
        lines.append(_("✅ В работе: {name}").format(name=quoted(window.acknowledged_by, NAME)))
    return lines


def _last_words(window: WindowFacts) -> str:
    said = f"{_asker(window, NAME)}: {phrase(window, PHRASE)}"
    if window.message_count == 1:
        return said
    count = ngettext("{n} сообщение", "{n} сообщения", window.message_count)
    return f"{said} ({count})"


def _headline(window: WindowFacts) -> list[str]:
    chat = f"{mark(window)} <b>{quoted(window.chat_name, TITLE)}</b>"
    if window.outcome == "overdue":
        return _overdue(chat, window)
    left = duration(max(window.target_minutes - window.waited, 0))
    line = _("{chat}: клиент ждёт {share} — осталось {left} рабочего времени").format(
        chat=chat, share=share(window), left=left
    )
    return [line, _("Срок изменился, просрочки пока нет.")] if window.breach_voided else [line]


def _overdue(chat: str, window: WindowFacts) -> list[str]:
    lines = [
        _("{chat}: клиент ждёт ответа {time}").format(chat=chat, time=duration(window.waited)),
        _("Норма — {time} рабочего времени.").format(time=duration(window.target_minutes)),
    ]
    if window.level:
        over = duration(max(window.waited - window.target_minutes, 0))
        lines.append(_("Уровень {level}: ответа нет уже {time} сверх нормы.").format(level=window.level, time=over))
    return lines


def _several(facts: MessageFacts) -> list[str]:
    waiting = facts.waiting_windows
    head = _("{chat}. Ждут ответа: {n}").format(chat=f"{mark(waiting[0])} {_title(facts)}", n=number(facts.waiting))
    return [head, "", *map(_listed, waiting), *rest(facts.waiting, len(waiting)), "", _owner(waiting[0])]


def _listed(window: WindowFacts) -> str:
    said = f"{_asker(window, LISTED_NAME)}: {phrase(window, LISTED_PHRASE)}"
    return f"{mark(window)} {wait(window)} — {said}{holder(window)}"


def _ended(facts: MessageFacts) -> str:
    closed = facts.closed_windows
    if len(closed) != 1:
        lines = [_("✅ {chat}: больше никто не ждёт ответа").format(chat=_title(facts))]
        lines += [f"• {ending(window, LISTED_NAME)}" for window in closed]
        return "\n".join([*lines, *rest(facts.closed, len(closed))])
    (window,) = closed
    line = f"✅ {_title(facts)}: {ending(window)}"
    if window.breach_voided and window.outcome == "met":
        return "\n".join([line, _("Ответ пришёл вовремя, просрочки не было.")])
    return line


def _asker(window: WindowFacts, length: int) -> str:
    return quoted(window.asked_by or _("Клиент"), length)


def _title(facts: MessageFacts) -> str:
    name = facts.chat_name or _("Чат")
    return f"<b>{quoted(name, TITLE)}</b>"


def _owner(window: WindowFacts) -> str:
    if not window.accountant:
        return _("Ответственный не назначен")
    return _("Ответственный: {name}").format(name=quoted(window.accountant, NAME))
