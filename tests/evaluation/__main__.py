"""`make eval`: how often the classifier is right. Exit code 1 when the rules alone miss a target."""

import sys

from bot.classify import classify
from tests.evaluation.figures import ACCURACY, RECALL_OF_REQUESTS, Figures, Judged
from tests.evaluation.phrases import Phrase, load


def by_rules(part: str, phrases: list[Phrase]) -> Figures:
    """Return what the rules make of phrases; where they are silent, a request."""
    return Figures(part, [Judged(phrase.label, classify(phrase.text).kind) for phrase in phrases])


def main() -> None:
    """Print figures of both parts and the verdict."""
    phrases = load()
    held_out = [phrase for phrase in phrases if phrase.is_held_out]
    parts = [
        by_rules("rules, tuning part", [phrase for phrase in phrases if not phrase.is_held_out]),
        by_rules("rules, held-out part", held_out),
    ]
    for part in parts:
        print(*part.lines(), sep="\n")  # noqa: T201 (a person asked)
    met = all(part.meets_targets for part in parts)
    targets = f"recall of requests ≥ {RECALL_OF_REQUESTS:.0%}, accuracy ≥ {ACCURACY:.0%}"
    print(f"{targets}: {'met' if met else 'MISSED'}")  # noqa: T201
    sys.exit(not met)


if __name__ == "__main__":
    main()
