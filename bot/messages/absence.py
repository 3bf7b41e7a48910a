"""Words of absences: when somebody is away, who stands in, and how to say so."""

import re
from datetime import date
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import NONE, Buttons, numbered
from bot.messages.paging import Page
from bot.messages.quoting import LISTED_NAME, NAME, quoted
from bot.messages.times import calendar_date
from infra.words import _

Screen = tuple[str, InlineKeyboardMarkup | None]
Days = tuple[date, date]

_BUTTON_NAME = 60
# Two ordinals of days in one number: a day has fewer than this.
_SHIFT = 1 << 24
_DAY = r"(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?"
_DAYS = re.compile(rf"\D*{_DAY}(?:\D+{_DAY})?\D*")


class Absence(BaseModel):
    """When somebody is away, both days included."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    first_on: date
    last_on: date
    substitute: str | None


class Absences(BaseModel):
    """One's own absences, and for whom one stands in now, as `api.staff_absences` gives them."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    absences: list[Absence]
    stands_in_for: list[str]


class Colleague(BaseModel):
    """Who could stand in."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    full_name: str


class Colleagues(Page):
    """A page of them, as `api.staff_colleagues` gives it."""

    people: list[Colleague]


def absences(found: Absences, today: date, buttons: Buttons) -> Screen:
    """Return when one is away, with a button to end each and one to plan another."""
    lines = [_line(one, today) for one in found.absences] or [_("Отсутствий не запланировано.")]
    if found.stands_in_for:
        names = ", ".join(quoted(name, LISTED_NAME) for name in found.stands_in_for)
        lines += ["", _("Сейчас вы замещаете: {names}").format(names=names)]
    rows = [
        [
            InlineKeyboardButton(
                text=_("Отменить {days}").format(days=_span(one.first_on, one.last_on, today)),
                callback_data=buttons.pack(verbs.ABSENCE_CANCEL, one.id),
            )
        ]
        for one in found.absences
    ]
    rows.append([InlineKeyboardButton(text=_("Запланировать"), callback_data=buttons.pack(verbs.ABSENCE_PLAN, NONE))])
    return "\n".join(lines), InlineKeyboardMarkup(inline_keyboard=rows)


def asked() -> str:
    """Return the question for the days."""
    return _("Когда вас не будет? Напишите первый и последний день, например: 24.12 – 31.12")


def not_days() -> str:
    """Return what is said to an answer that is not days."""
    return _("Не понял дни. Напишите первый и последний день так: 24.12 – 31.12")


def who(days: Days, found: Colleagues, today: date, buttons: Buttons) -> Screen:
    """Return the question who stands in."""
    row = _packed(days)
    rows = [
        [
            InlineKeyboardButton(
                text=one.full_name[:_BUTTON_NAME], callback_data=buttons.pack(verbs.ABSENCE_SAVE, one.id, row)
            )
        ]
        for one in found.people
    ]
    beside = [(found.page - 1, _("‹ Назад")), (found.page + 1, _("Дальше ›"))]
    rows.append(
        [
            InlineKeyboardButton(text=text, callback_data=buttons.pack(verbs.ABSENCE_WHO, numbered(number), row))
            for number, text in beside
            if 0 <= number < found.pages
        ]
    )
    rows.append(
        [InlineKeyboardButton(text=_("Никто не замещает"), callback_data=buttons.pack(verbs.ABSENCE_SAVE, NONE, row))]
    )
    text = _("Кто отвечает вашим клиентам {days}?").format(days=_span(*days, today))
    return text, InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def days(text: str, today: date) -> Days | None:
    """Return the first and the last day that somebody wrote; None for what is none.

    «24.12 – 31.12», «5.01.2027», «28.12 - 8.01». Without a year it is the next such day, and the last one comes after
    the first.
    """
    found = _DAYS.fullmatch(text)
    if not found:
        return None
    first = _next(found[1], found[2], found[3], today)
    last = _next(found[4], found[5], found[6], first) if first and found[4] else first
    return (first, last) if first and last else None


def unpacked(row: UUID) -> Days:
    """Return the days that a button carries."""
    first, last = divmod(row.int, _SHIFT)
    return date.fromordinal(first), date.fromordinal(last)


def _packed(days: Days) -> UUID:
    first, last = days
    return numbered(first.toordinal() * _SHIFT + last.toordinal())


def _next(day: str, month: str, year: str | None, since: date) -> date | None:
    years = [int(year)] if year else [since.year, since.year + 1]
    for one in years:
        try:
            found = date(one, int(month), int(day))
        except ValueError:
            continue
        if year or found >= since:
            return found
    return None


def _line(one: Absence, today: date) -> str:
    whose = _("замещает {name}").format(name=quoted(one.substitute, NAME)) if one.substitute else _("никто не замещает")
    return f"🏖 {_span(one.first_on, one.last_on, today)} — {whose}"


def _span(first: date, last: date, today: date) -> str:
    if first == last:
        return calendar_date(first, today)
    return f"{calendar_date(first, today)} – {calendar_date(last, today)}"
