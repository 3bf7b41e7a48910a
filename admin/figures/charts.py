"""Charts as SVG that the server draws: numbers here, marks and their colours in templates and style sheets."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from admin.figures.asked import next_step
from admin.figures.lines import Step

WIDTH, HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 48, 12, 24
_LABELS = 8
_GAP = 0.25
_WHOLE = 100


class Point(NamedTuple):
    """A step of time: its bar of windows decided, and where the line of the percentage passes, if any was decided."""

    line: Step
    on: date
    label: str
    x: float
    middle: float
    width: float
    top: float
    height: float
    breach_top: float
    breach_height: float
    percent_y: float | None


class TrendChart(NamedTuple):
    """Bars and a line over the steps of a period."""

    points: Sequence[Point]
    most: int
    segments: Sequence[str]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def trend_chart(lines: Sequence[Step], first_on: date, last_on: date, step: str) -> TrendChart:
    """Draw the figures by day, week or month, a step without any included."""
    by_day = {line.key: line for line in lines}
    steps = list(_steps(first_on, last_on, step))
    most = max((line.n for line in lines), default=0)
    room, depth = (WIDTH - _LEFT - _RIGHT) / max(len(steps), 1), HEIGHT - _TOP - _BOTTOM
    every = -(-len(steps) // _LABELS)
    points = [
        _point(
            by_day.get(str(on)) or nothing(step, str(on)),
            on,
            place,
            room,
            depth / max(most, 1),
            has_label=not place % every,
        )
        for place, on in enumerate(steps)
    ]
    return TrendChart(points, most, _segments(points))


def nothing(step: str, key: str) -> Step:
    """Return the figures of a step in which nothing was decided."""
    return Step(by=step, key=key, asked=0, n=0, breaches=0, met_percent=None)


def _point(line: Step, on: date, place: int, room: float, scale: float, *, has_label: bool) -> Point:
    bottom, left = HEIGHT - _BOTTOM, _LEFT + place * room
    height, breached = line.n * scale, line.breaches * scale
    percent_y = None
    if line.met_percent is not None:
        percent_y = bottom - float(line.met_percent) / _WHOLE * (bottom - _TOP)
    return Point(
        line=line,
        on=on,
        label=f"{on:%d.%m}" if has_label else "",
        x=round(left + room * _GAP / 2, 1),
        middle=round(left + room / 2, 1),
        width=round(room * (1 - _GAP), 1),
        top=round(bottom - height, 1),
        height=round(height, 1),
        breach_top=round(bottom - breached, 1),
        breach_height=round(breached, 1),
        percent_y=None if percent_y is None else round(percent_y, 1),
    )


def _segments(points: Sequence[Point]) -> list[str]:
    """Return the line's pieces: it breaks where nothing was decided."""
    pieces: list[list[str]] = [[]]
    for point in points:
        if point.percent_y is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{point.middle},{point.percent_y}")
    return [" ".join(piece) for piece in pieces if piece]


def _steps(first_on: date, last_on: date, step: str) -> Sequence[date]:
    on = first_on
    if step == "week":
        on -= timedelta(days=on.weekday())
    elif step == "month":
        on = on.replace(day=1)
    found = []
    while on <= last_on:
        found.append(on)
        on = next_step(on, step)
    return found


class HeatCell(NamedTuple):
    """An hour of the week: its key in the database, how many, and how dark, 0 to 4."""

    key: str
    amount: int
    level: int


class HeatRow(NamedTuple):
    """A day of the week, 1 is Monday."""

    weekday: int
    cells: Sequence[HeatCell]


def heat_map(lines: Sequence[Step], kind: str) -> tuple[Sequence[int], Sequence[HeatRow]]:
    """Return the hours that are shown and the days: all of the week in the hours in which anybody asked."""
    counts: dict[str, int] = {line.key: getattr(line, kind) for line in lines}
    asked_in = [int(key.partition("-")[2]) for key in counts]
    if not asked_in:
        return [], []
    hours = range(min(asked_in), max(asked_in) + 1)
    most = max(counts.values())
    rows = []
    for weekday in range(1, 8):
        keys = [f"{weekday}-{hour:02}" for hour in hours]
        rows.append(
            HeatRow(weekday, [HeatCell(key, counts.get(key, 0), level(counts.get(key, 0), most)) for key in keys])
        )
    return list(hours), rows


def level(count: int, most: int) -> int:
    """Return how dark a cell is: 0 for none, then four even steps up to the most."""
    return -(-4 * count // most) if most else 0
