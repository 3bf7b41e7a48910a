"""Words of the queue: who waits for whom, one wait in full, and the chats they are in."""

from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages import sla_digest, sla_escalation
from bot.messages.buttons import Buttons, numbered
from bot.messages.paging import Page, turning
from bot.messages.quoting import LISTED_NAME, LISTED_PHRASE, LISTED_TITLE, quoted
from bot.messages.windows import MessageFacts, WindowFacts, holder, mark, phrase, wait
from infra.words import _, ngettext, number

Screen = tuple[str, InlineKeyboardMarkup | None]

FOR_SOMEBODY = ("admin", "manager")


class Wait(WindowFacts):
    """A window that somebody may act on, and its chat."""

    chat: UUID | None = None


class Queue(Page):
    """Who waits, as `api.staff_queue` gives it."""

    role: str
    waiting: int
    overdue: int
    windows: list[Wait]


class Chat(BaseModel):
    """A chat as `api.staff_chats` gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    chat_name: str
    chat_url: str | None
    accountant: str | None
    is_own: bool
    waiting: int
    overdue: int
    is_measured: bool


class Chats(Page):
    """A page of chats; with `template`, those it may be sent to."""

    total: int
    chats: list[Chat]
    template: UUID | None = None
    title: str | None = None


def queue(found: Queue, buttons: Buttons) -> Screen:
    """Return who waits, what is due first at the top, with a button for each."""
    if not found.waiting:
        return _("✅ Сейчас никто не ждёт ответа."), None
    head = _("🕘 <b>Ждут ответа: {n}</b>").format(n=number(found.waiting))
    late = _("просрочено: {n}").format(n=number(found.overdue))
    first = 5 * found.page + 1
    lines = [f"{head} · {late}" if found.overdue else head, ""]
    lines += [_line(number, one, found.role) for number, one in enumerate(found.windows, first)]
    opening = [
        InlineKeyboardButton(text=str(number), callback_data=buttons.pack(verbs.WAIT, one.request_id))
        for number, one in enumerate(found.windows, first)
    ]
    again = InlineKeyboardButton(text=_("Обновить"), callback_data=buttons.pack(verbs.QUEUE, numbered(found.page)))
    lines += ["", _("Нажмите номер, чтобы открыть обращение.")]
    return "\n".join(lines), InlineKeyboardMarkup(
        inline_keyboard=[opening, [again, *turning(found, verbs.QUEUE, buttons)]]
    )


def card(one: Wait, buttons: Buttons) -> Screen:
    """Return one wait in full, as an alert tells it, and what can be done about it."""
    waiting = int(one.waits)
    facts = MessageFacts(chat_name=one.chat_name, event=None, waiting=waiting, closed=1 - waiting, windows=[one])

    def button(text: str, verb: str, row: UUID) -> InlineKeyboardButton:
        return InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, row))

    rows = []
    if one.waits:
        acts = [] if one.acknowledged_by else [button(_("Взял в работу"), verbs.WAIT_TAKE, one.request_id)]
        rows.append([*acts, button(_("Ответ не нужен"), verbs.WAIT_EXCUSE, one.request_id)])
        if one.chat:
            rows.append([button(_("Ответить шаблоном"), verbs.TEMPLATES_FOR, one.chat)])
    rows.append(sla_escalation.corrections(one, buttons))
    if one.chat_url:
        rows.append([InlineKeyboardButton(text=_("Открыть чат"), url=one.chat_url)])
    rows.append([button(_("К очереди"), verbs.QUEUE, numbered(0))])
    return sla_escalation.alert(facts), InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def digest(facts: MessageFacts) -> str:
    """Return who waits right now, in the words of every digest."""
    return sla_digest.digest(facts) if facts.waiting else _("✅ Сейчас никто не ждёт ответа.")


def chats(found: Chats, buttons: Buttons) -> Screen:
    """Return the chats somebody answers for, those with a wait first."""
    if not found.total:
        return _("За вами пока нет чатов. Их назначает руководитель."), None
    head = ngettext("<b>{n} чат</b>", "<b>{n} чата</b>", found.total)
    rows = [turning(found, verbs.MY_CHATS, buttons)]
    return "\n".join([head, "", *map(_chat, found.chats)]), InlineKeyboardMarkup(
        inline_keyboard=[row for row in rows if row]
    )


def standing(chat: Chat) -> str:
    """Return the colour of a chat: somebody waits too long, somebody waits, nobody does, nobody looks."""
    if not chat.is_measured:
        return "⏸"
    return "🔴" if chat.overdue else "🟡" if chat.waiting else "🟢"


def _line(number: int, one: Wait, role: str) -> str:
    whose = _whose(one) if role in FOR_SOMEBODY else ""
    return (
        f"{number}. {mark(one)} {_linked(one.chat_name, one.chat_url)} — {wait(one)}: {_asked(one)}{whose}{holder(one)}"
    )


def _asked(one: Wait) -> str:
    return phrase(one, LISTED_PHRASE)


def _whose(one: Wait) -> str:
    return " · " + (quoted(one.accountant, LISTED_NAME) if one.accountant else _("без ответственного"))


def _linked(name: str, url: str | None) -> str:
    title = f"<b>{quoted(name, LISTED_TITLE)}</b>"
    # The address is ours, made of numbers alone.
    return f'<a href="{url}">{title}</a>' if url else title


def _chat(chat: Chat) -> str:
    waits = _(" — ждут: {n}").format(n=number(chat.waiting)) if chat.waiting else ""
    unwatched = "" if chat.is_measured else _(" — наблюдение выключено")
    whose = "" if chat.is_own or not chat.accountant else f" · {quoted(chat.accountant, LISTED_NAME)}"
    return f"{standing(chat)} {_linked(chat.chat_name, chat.chat_url)}{waits}{unwatched}{whose}"
