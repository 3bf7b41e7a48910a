"""The trend of ratings as SVG: a bar of votes and the share of satisfied clients, survey by survey."""

from collections.abc import Sequence
from typing import NamedTuple

from admin.figures.charts import HEIGHT, WIDTH
from admin.figures.ratings import Point

_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 44, 12, 24
_GAP = 0.4
_WIDEST = 64
_WHOLE = 100


class Mark(NamedTuple):
    """A survey in the chart; `line_y` is none where nobody voted."""

    point: Point
    label: str
    middle: float
    x: float
    width: float
    top: float
    height: float
    line_y: float | None


class RatingsChart(NamedTuple):
    """Bars and a line over the surveys, the oldest first."""

    marks: Sequence[Mark]
    most: int
    lines: Sequence[str]
    grid: Sequence[tuple[int, float]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def ratings_chart(points: Sequence[Point]) -> RatingsChart:
    """Draw the last surveys, as many as can be read."""
    most = max((point.counted or 0 for point in points), default=0)
    room = (WIDTH - _LEFT - _RIGHT) / max(len(points), 1)
    marks = [_mark(point, _LEFT + (place + 0.5) * room, room, most) for place, point in enumerate(points)]
    grid = [(share, round(_height_of(share), 1)) for share in (0, 50, _WHOLE)]
    return RatingsChart(marks, most, _lines(marks), grid)


def _mark(point: Point, middle: float, room: float, most: int) -> Mark:
    bottom, depth = HEIGHT - _BOTTOM, HEIGHT - _TOP - _BOTTOM
    width = min(room * (1 - _GAP), _WIDEST)
    height = (point.counted or 0) / max(most, 1) * depth
    year, _sign, quarter = point.quarter.partition("-")
    return Mark(
        point=point,
        label=f"{quarter} {year}",
        middle=round(middle, 1),
        x=round(middle - width / 2, 1),
        width=round(width, 1),
        top=round(bottom - height, 1),
        height=round(height, 1),
        line_y=None if point.csat is None else round(_height_of(float(point.csat)), 1),
    )


def _height_of(share: float) -> float:
    bottom = HEIGHT - _BOTTOM
    return bottom - share / _WHOLE * (bottom - _TOP)


def _lines(marks: Sequence[Mark]) -> list[str]:
    """Return the line's pieces: it breaks where nobody voted."""
    pieces: list[list[str]] = [[]]
    for mark in marks:
        if mark.line_y is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{mark.middle},{mark.line_y}")
    return [" ".join(piece) for piece in pieces if len(piece) > 1]
