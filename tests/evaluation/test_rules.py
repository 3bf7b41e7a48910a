"""The rules alone, on what they were fitted to and on what they were not."""

import collections

import pytest

from bot.classify import classify
from tests.evaluation.figures import Figures, Judged
from tests.evaluation.phrases import Phrase, load

PHRASES = load()
HELD_OUT = [phrase for phrase in PHRASES if phrase.is_held_out]


def judged(phrases: list[Phrase]) -> Figures:
    return Figures("", [Judged(phrase.label, classify(phrase.text).kind) for phrase in phrases])


def test_there_are_enough_phrases_of_every_kind_and_each_stands_there_once() -> None:
    assert len(PHRASES) >= 300
    assert max(collections.Counter(phrase.text for phrase in PHRASES).values()) == 1
    assert len(PHRASES) / 4 < len(HELD_OUT) < len(PHRASES) / 2
    assert {(phrase.label, phrase.language) for phrase in HELD_OUT} == {
        (label, language) for label in ("request", "clarification", "gratitude", "spam") for language in ("ru", "en")
    }


@pytest.mark.parametrize("held_out", [False, True])
def test_the_rules_alone_miss_no_target(*, held_out: bool) -> None:
    part = judged([phrase for phrase in PHRASES if phrase.is_held_out is held_out])
    assert part.meets_targets, "\n".join(part.lines())


def test_rules_that_are_certain_never_let_a_request_go_unanswered() -> None:
    """The costliest mistake there is: nobody waits for the answer, and no model is asked."""
    lost = [
        "one that is held out" if phrase.is_held_out else phrase.text
        for phrase in PHRASES
        if phrase.label == "request" and classify(phrase.text).kind in {"gratitude", "spam"}
    ]
    assert lost == []


def test_a_target_that_is_missed_shows() -> None:
    right, lost = Judged("request", "request"), Judged("request", "gratitude")
    assert Figures("", [right] * 98 + [lost] * 2).meets_targets
    assert not Figures("", [right] * 97 + [lost] * 3).meets_targets
    assert not Figures("", [right] * 90 + [Judged("spam", "request")] * 10).meets_targets
