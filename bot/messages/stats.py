"""Words of figures: how many answers came in time, and how long they took."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.messages.times import duration
from infra.words import N_, _, ngettext, number

PERIODS = {"day": N_("Сегодня"), "week": N_("За 7 дней"), "month": N_("С начала месяца")}


class Figures(BaseModel):
    """A row of `api.sla_report`; minutes are working minutes until the answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    n: int
    met: int
    met_late: int
    overdue: int
    excused: int
    waiting: int
    met_percent: float | None
    p50_minutes: float | None
    p90_minutes: float | None


class Period(BaseModel):
    """The figures of a period: one's own and, for who runs others, the firm's."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    period: Literal["day", "week", "month"]
    own: Figures | None
    firm: Figures | None


def stats(periods: list[Period]) -> str:
    """Return the figures of all periods; everybody's after one's own."""
    blocks = ["\n".join([f"<b>{_(PERIODS[period.period])}</b>", *_period(period)]) for period in periods]
    note = _("Время — рабочее, до ответа. Считаются обращения, по которым решилось: вовремя или нет.")
    return "\n\n".join([*blocks, f"<i>{note}</i>"])


def _period(period: Period) -> list[str]:
    if period.firm is None:
        return _figures(period.own)
    return [_("Вы:"), *_figures(period.own), _("Вся фирма:"), *_figures(period.firm)]


def _figures(figures: Figures | None) -> list[str]:
    if figures is None or not (figures.n or figures.excused or figures.waiting):
        return [_("Обращений не было.")]
    beside = [
        (figures.met_late, _("с опозданием: {n}")),
        (figures.overdue, _("без ответа: {n}")),
        (figures.excused, _("ответ не нужен: {n}")),
        (figures.waiting, _("ещё ждут: {n}")),
    ]
    rest = ", ".join(text.format(n=number(n)) for n, text in beside if n)
    counts = "; ".join(part for part in (_share(figures), rest) if part)
    return [f"• {line}" for line in (counts, _times(figures)) if line]


def _share(figures: Figures) -> str:
    if figures.met_percent is None:
        return ""
    of = ngettext("{n} обращения", "{n} обращений", figures.n)
    return _("Вовремя {percent} % — {met} из {of}").format(
        percent=number(figures.met_percent), met=number(figures.met), of=of
    )


def _times(figures: Figures) -> str:
    if figures.p50_minutes is None or figures.p90_minutes is None:
        return ""
    half, most = duration(round(figures.p50_minutes)), duration(round(figures.p90_minutes))
    return _("Половина ответов — за {half}, 9 из 10 — за {most}").format(half=half, most=most)
