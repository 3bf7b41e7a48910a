"""What the bench says: a measure beside its floor, the table, the file."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

HEADER = ("", "measured", "floor", "ratio", "target", "")


@dataclass(frozen=True)
class Target:
    """A bound on the measured value, or on its ratio to the floor."""

    of: Literal["value", "ratio"]
    sign: Literal["<=", ">="]
    bound: float

    def __str__(self) -> str:
        return f"{self.of} {self.sign} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        return value <= self.bound if self.sign == "<=" else value >= self.bound


@dataclass(frozen=True)
class Measure:
    """One line of the table. The ratio comes from pairs of runs, so it need not be the quotient of the two medians."""

    name: str
    value: float
    unit: str
    target: Target
    floor: float | None = None
    ratio: float | None = None

    @property
    def met(self) -> bool:
        judged = self.value if self.target.of == "value" else self.ratio
        return judged is not None and self.target.is_met(judged)

    @property
    def figure(self) -> str:
        """The value with its unit."""
        return f"{_number(self.value)} {self.unit}".rstrip()

    def entry(self) -> dict[str, Any]:
        """The measure as `.local/bench.json` has it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "ratio": self.ratio,
            "target": str(self.target),
            "met": self.met,
        }


def beside(name: str, unit: str, target: Target, pairs: Sequence[tuple[float, float]]) -> Measure:
    """Return the measure of interleaved runs, pairs of measured and floor: medians, so that one bad moment is none."""
    return Measure(
        name,
        statistics.median(value for value, _ in pairs),
        unit,
        target,
        floor=statistics.median(floor for _, floor in pairs),
        ratio=statistics.median(value / floor for value, floor in pairs),
    )


def table(measures: Iterable[Measure]) -> list[str]:
    """Return the lines of the table, header first."""
    rows = [HEADER, *map(_cells, measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def verdict(measures: Iterable[Measure]) -> str:
    """Return the last line: all is well, or what is not."""
    missed = [measure.name for measure in measures if not measure.met]
    return f"missed: {', '.join(missed)}" if missed else "all targets met"


def write(measures: Iterable[Measure], file: Path) -> None:
    """Write the list that tools read."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(json.dumps([measure.entry() for measure in measures], ensure_ascii=False, indent=2) + "\n")


def _cells(measure: Measure) -> tuple[str, ...]:
    floor = "" if measure.floor is None else f"{_number(measure.floor)} {measure.unit}"
    ratio = "" if measure.ratio is None else f"{measure.ratio:.2f}"
    mark = "" if measure.met else "missed"
    return measure.name, measure.figure, floor, ratio, str(measure.target), mark


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Names and targets to the left, figures to the right."""
    figures = range(1, 4)
    return [
        cell.rjust(width) if column in figures else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.3g}"
