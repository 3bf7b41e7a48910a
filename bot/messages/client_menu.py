"""Words of the clients' menu: what it offers, what became of a call, what is open."""

from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages.buttons import CALL_ACCOUNTANT, ORDER_DOCUMENT, RATE_US, SHOW_REQUESTS, Buttons
from bot.messages.quoting import LISTED_NAME, LISTED_PHRASE, LISTED_TITLE, quoted
from bot.messages.times import clock, day, moment
from infra.words import N_, _

State = Literal["waiting", "in_hand", "late", "answered"]


class Menu(BaseModel):
    """The chat that a client's menu speaks of."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    chat: UUID
    chat_name: str


class Call(BaseModel):
    """What became of a call for somebody."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    outcome: Literal["called", "called_before", "nobody"]
    chat_name: str
    called_at: datetime
    opens_at: datetime | None
    timezone: str


class Request(BaseModel):
    """One wait, as a client sees it; words only in private."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    chat_name: str
    number: int | None
    opened_at: datetime
    due_at: datetime | None
    state: State
    answered_at: datetime | None
    words: str | None


class Requests(BaseModel):
    """What a client waits for, and the zone of the clock it is told by."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    timezone: str
    requests: list[Request]


_STATES: dict[State, tuple[str, str]] = {
    "waiting": ("⏳", N_("ждёт ответа")),
    "in_hand": ("✍️", N_("в работе")),
    "late": ("⚠️", N_("отвечаем с опозданием")),
    "answered": ("✅", N_("отвечено")),
}


def menu(facts: Menu, *, is_private: bool) -> str:
    """Return the line over the buttons; in private it says which chat they speak of."""
    if not is_private:
        return _("Чем помочь?")
    return _("Чем помочь? Ваш чат — «{chat}».").format(chat=quoted(facts.chat_name, LISTED_TITLE))


def keyboard(chat: UUID, buttons: Buttons) -> InlineKeyboardMarkup:
    """Return what a client can ask the bot for."""
    offered = (
        (_("Позвать бухгалтера"), CALL_ACCOUNTANT),
        (_("Показать мои обращения"), SHOW_REQUESTS),
        (_("Заказать документ"), ORDER_DOCUMENT),
        (_("Оценить работу"), RATE_US),
    )
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, chat))] for text, verb in offered
        ]
    )


def called(call: Call, now: datetime) -> str:
    """Return the answer to the press, short enough for a box over the chat."""
    chat = " ".join(call.chat_name.split())[:LISTED_NAME]
    if call.outcome == "nobody":
        return _("Сейчас никого не позвать. Напишите в чат «{chat}»: там вопрос не потеряется.").format(chat=chat)
    if call.outcome == "called_before":
        return _("Бухгалтера уже позвали в {time}. Ещё раз можно через полчаса.").format(
            time=clock(call.called_at, call.timezone)
        )
    if call.opens_at:
        return _("Сейчас нерабочее время. Бухгалтер узнает о вызове {moment}.").format(
            moment=moment(call.opens_at, now, call.timezone)
        )
    return _("Позвали бухгалтера. Ответ придёт в чат «{chat}».").format(chat=chat)


def requests(facts: Requests, now: datetime, *, is_private: bool) -> str:
    """Return what is open and what was just answered, each in a line or two."""
    if not facts.requests:
        return _("Открытых обращений нет. Напишите в чат, и мы ответим.")
    lines = [_("<b>Ваши обращения</b>") if is_private else _("<b>Обращения этого чата</b>")]
    for request in facts.requests:
        lines += ["", *_told(request, facts.timezone, now, is_private=is_private)]
    return "\n".join(lines)


def _told(request: Request, timezone: str, now: datetime, *, is_private: bool) -> list[str]:
    sign, state = _STATES[request.state]
    number = _("№ {number}, ").format(number=request.number) if request.number else ""
    asked = moment(request.opened_at, now, timezone)
    line = f"{sign} {number}{asked} — {_(state)}{_expected(request, timezone, now)}"
    if not is_private:
        return [line]
    chat = quoted(request.chat_name, LISTED_TITLE)
    if not request.words:
        return [line, chat]
    return [line, chat + ": " + _("«{phrase}»").format(phrase=quoted(request.words, LISTED_PHRASE))]


def _expected(request: Request, timezone: str, now: datetime) -> str:
    if request.state == "answered" and request.answered_at:
        return f" {moment(request.answered_at, now, timezone)}"
    if request.due_at is None:
        return ""
    zone = ZoneInfo(timezone)
    when = day(request.due_at.astimezone(zone).date(), now.astimezone(zone).date())
    time = clock(request.due_at, timezone)
    if request.state == "late":
        return _(", обещали {day} до {time}").format(day=when, time=time)
    return _(", ответим {day} до {time}").format(day=when, time=time)
