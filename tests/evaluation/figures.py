"""How often verdicts are right: accuracy of a part, recall of each class in it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, get_args

from bot.classify import Class

CLASSES: tuple[Class, ...] = get_args(Class)
RECALL_OF_REQUESTS, ACCURACY = 0.98, 0.92


class Judged(NamedTuple):
    """What a phrase is, and what it was taken for."""

    label: Class
    verdict: Class


class Figures(NamedTuple):
    """What is printed of one part of the phrases."""

    part: str
    judged: Sequence[Judged]

    @property
    def accuracy(self) -> float:
        return _share(one.label == one.verdict for one in self.judged)

    def recall(self, label: Class) -> float:
        """Return which share of a class was recognised."""
        return _share(one.verdict == label for one in self.judged if one.label == label)

    @property
    def meets_targets(self) -> bool:
        return self.recall("request") >= RECALL_OF_REQUESTS and self.accuracy >= ACCURACY

    def lines(self) -> Iterator[str]:
        """Yield accuracy and recalls, one line each, with how many phrases stand behind them."""
        yield f"{self.part:<28}{'accuracy':<24}{self.accuracy:>7.1%}  of {len(self.judged)}"
        for label in CLASSES:
            known = sum(one.label == label for one in self.judged)
            if known:
                yield f"{'':<28}{f'recall, {label}':<24}{self.recall(label):>7.1%}  of {known}"


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 1.0
