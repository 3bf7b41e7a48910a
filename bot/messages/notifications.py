"""Words of what one is told: kinds on and off, quiet hours, and how much in an hour."""

import re
from typing import Literal

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import Buttons, numbered
from infra.words import N_, _, number

Screen = tuple[str, InlineKeyboardMarkup | None]
Kind = Literal["warning", "digest", "chat_notice", "breach", "escalation"]

# Append-only: buttons name a kind by its place.
KINDS: dict[Kind, str] = {
    "warning": N_("Срок скоро истечёт"),
    "digest": N_("Утренняя сводка"),
    "chat_notice": N_("Бота убрали из чата"),
    "breach": N_("Клиент ждёт дольше нормы"),
    "escalation": N_("Клиент всё ещё ждёт"),
}
_PLACES: list[Kind] = list(KINDS)

AMOUNTS = (5, 10, 20, 60)
QUIET_HOURS = ((22 * 60, 8 * 60), (20 * 60, 9 * 60))
# Minutes of a day fit below.
_SHIFT = 1 << 11
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*(?:-|–|—|\s)\s*(\d{1,2}):(\d{2})\s*")


class Choice(BaseModel):
    """Whether one kind is wanted; a locked one is told in any case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    wanted: bool
    locked: bool


class Notifications(BaseModel):
    """What somebody chose, as `api.staff_notifications` gives it; hours are on the firm's clock."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    quiet_from: str | None
    quiet_until: str | None
    alerts_per_hour: int
    kinds: list[Choice]


def notifications(chosen: Notifications, buttons: Buttons) -> Screen:
    """Return what was chosen, with a button for each choice."""
    quiet = (
        _("Тихие часы: с {since} до {until}").format(since=chosen.quiet_from, until=chosen.quiet_until)
        if chosen.quiet_from
        else _("Тихие часы: нет")
    )
    lines = [
        _("<b>О чём и когда вам писать</b>"),
        "",
        _("🔒 приходит всегда: клиент ждёт дольше нормы."),
        quiet + ". " + _("Что пришло за это время, ждёт их конца."),
        _("Со звуком в час — до {n}, остальное собирается в одну сводку.").format(n=number(chosen.alerts_per_hour)),
        "",
        _("Свои тихие часы: <code>/notifications 21:30-08:30</code>"),
    ]
    rows = [[_kind(one, buttons)] for one in chosen.kinds]
    rows += [_quiet(chosen, buttons), _amounts(chosen, buttons)]
    return "\n".join(lines), InlineKeyboardMarkup(inline_keyboard=rows)


def kind(place: int) -> Kind | None:
    """Return the kind that a button names."""
    return _PLACES[place] if place < len(_PLACES) else None


def hours(text: str) -> tuple[str, str] | None:
    """Return the hours that somebody wrote: «21:30-08:30»; None for what is none."""
    found = _HOURS.fullmatch(text)
    if not found or max(int(found[1]), int(found[3])) > 23 or max(int(found[2]), int(found[4])) > 59:  # noqa: PLR2004 (a clock)
        return None
    return f"{int(found[1]):02}:{found[2]}", f"{int(found[3]):02}:{found[4]}"


def not_hours() -> str:
    """Return what is said to hours that are none."""
    return _("Не понял часы. Напишите так: <code>/notifications 21:30-08:30</code>")


def unpacked(number: int) -> tuple[str, str] | None:
    """Return the quiet hours that a button carries; None for none."""
    since, until = divmod(number, _SHIFT)
    return (_clock(since), _clock(until)) if number else None


def _kind(one: Choice, buttons: Buttons) -> InlineKeyboardButton:
    sign = "🔒" if one.locked else "✅" if one.wanted else "☐"
    verb = verbs.SILENCE if one.wanted else verbs.NOTIFY
    # A button says what is to be, not «the other way round»: pressed twice, it is one choice.
    return InlineKeyboardButton(
        text=f"{sign} {_(KINDS[one.kind])}", callback_data=buttons.pack(verb, numbered(_PLACES.index(one.kind)))
    )


def _quiet(chosen: Notifications, buttons: Buttons) -> list[InlineKeyboardButton]:
    def button(text: str, number: int, *, is_chosen: bool) -> InlineKeyboardButton:
        return InlineKeyboardButton(
            text=f"• {text}" if is_chosen else text, callback_data=buttons.pack(verbs.QUIET, numbered(number))
        )

    offered = [
        button(
            f"{_clock(since)}–{_clock(until)}",
            since * _SHIFT + until,
            is_chosen=(chosen.quiet_from, chosen.quiet_until) == (_clock(since), _clock(until)),
        )
        for since, until in QUIET_HOURS
    ]
    return [*offered, button(_("Без тишины"), 0, is_chosen=chosen.quiet_from is None)]


def _amounts(chosen: Notifications, buttons: Buttons) -> list[InlineKeyboardButton]:
    return [
        InlineKeyboardButton(
            text=("• " if amount == chosen.alerts_per_hour else "") + _("{n} в час").format(n=number(amount)),
            callback_data=buttons.pack(verbs.ALERTS_PER_HOUR, numbered(amount)),
        )
        for amount in AMOUNTS
    ]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
