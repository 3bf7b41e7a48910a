"""`make eval`, as it is run."""

import pytest

from jobs.model import Endpoint
from tests.evaluation.__main__ import Example, main, with_model
from tests.jobs.scripted_model import running_model

UNSURE = [Example("Вы просто космос", "gratitude"), Example("Ромашка", "clarification"), Example("Где акт?", "request")]


def test_figures_of_both_parts_are_printed_and_targets_end_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    with pytest.raises(SystemExit) as end:
        main([])
    said = capsys.readouterr().out
    assert not end.value.code
    for words in ("rules, tuning part", "rules, held-out part", "recall, request", "recall, spam", "met"):
        assert words in said
    assert "with the model" not in said


async def test_with_a_model_what_the_rules_are_not_sure_of_is_asked_and_doubt_stays_a_request() -> None:
    with running_model() as model:
        model.script({"classification": "gratitude", "confidence": 0.9}, {"classification": "spam", "confidence": 0.6})
        figures = await with_model("", UNSURE, Endpoint(model.url, "key", ("first",)))
        assert len(model.calls) == 2
    assert (figures.recall("request"), figures.recall("clarification")) == (1, 0)
    assert figures.accuracy < 1
