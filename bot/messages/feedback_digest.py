"""Words of a survey's end, for the head: how many answered, what they think of the firm and of each accountant."""

from datetime import date, datetime
from typing import Literal

from babel.numbers import format_decimal
from pydantic import BaseModel, ConfigDict

from bot.messages.quoting import LISTED_NAME, TITLE, quoted
from bot.messages.times import calendar_days
from bot.messages.windows import rest
from infra.words import _, language, number

_ACCOUNTANTS = 25


class Ratings(BaseModel):
    """Ratings of the firm or of one person; shares are percents, `distribution` counts the votes of 1 to 5 stars."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    asked: int
    votes: int
    rate: float | None
    average: float | None
    csat: float | None
    nps: float | None
    distribution: list[int]


class OfAccountant(Ratings):
    """The same of the chats of one person of the firm; nobody's chats have no name."""

    name: str | None


class DigestFacts(BaseModel):
    """A survey that has ended, closed by a person or expired."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: str
    starts_on: date
    ends_on: date
    status: Literal["closed", "expired"]
    firm: Ratings
    accountants: list[OfAccountant]
    comments: int
    open_cases: int


def digest(facts: DigestFacts, now: datetime) -> str:
    """Return the results in figures, the firm's first."""
    days = calendar_days(facts.starts_on, facts.ends_on, now.date())
    headline = _("Опрос «{name}» завершён") if facts.status == "expired" else _("Опрос «{name}» закрыт")
    lines = [
        f"⭐ <b>{headline.format(name=quoted(facts.name, TITLE))}</b>",
        _("Что оценивали: работу {days}").format(days=days),
        "",
        *_firm(facts.firm),
    ]
    if facts.comments:
        lines.append(_("Комментариев: {n}").format(n=number(facts.comments)))
    if facts.open_cases:
        lines.append(_("Низких оценок без решения: {n}").format(n=number(facts.open_cases)))
    rated = [one for one in facts.accountants if one.votes]
    if rated:
        lines += ["", _("<b>По ответственным</b>"), *map(_accountant, rated[:_ACCOUNTANTS])]
        lines += rest(len(rated), len(rated[:_ACCOUNTANTS]))
    return "\n".join(lines)


def _firm(firm: Ratings) -> list[str]:
    if firm.average is None or firm.csat is None or firm.nps is None:
        return [_("Никто не проголосовал. Спрашивали людей: {n}").format(n=number(firm.asked))]
    stars = reversed([*enumerate(firm.distribution, 1)])
    return [
        _("Оценили {votes} из {asked}, это {percent} %").format(
            votes=number(firm.votes), asked=number(firm.asked), percent=_number(firm.rate or 0)
        ),
        _("Средняя оценка: {n}").format(n=_number(firm.average)),
        _("Довольны (4 и 5): {percent} %").format(percent=_number(firm.csat)),
        _("Доля пятёрок минус доля оценок от 1 до 3: {n}").format(n=_number(firm.nps)),
        " · ".join(f"{rating} ⭐ — {number(count)}" for rating, count in stars),
    ]


def _accountant(one: OfAccountant) -> str:
    name = quoted(one.name, LISTED_NAME) if one.name else _("Без ответственного")
    return _("{name}: {average}, оценили {votes} из {asked}").format(
        name=name, average=_number(one.average or 0), votes=number(one.votes), asked=number(one.asked)
    )


def _number(value: float) -> str:
    return format_decimal(value, "0.##", locale=language()).replace("-", "−")
