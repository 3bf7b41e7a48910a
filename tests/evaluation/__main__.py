"""`make eval`: how often the classifier is right. Exit code 1 when the rules alone miss a target.

With OPENROUTER_API_KEY set it asks the model as well, about what the rules are not certain of.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from bot.classify import Class, classify
from infra import supabase
from infra.settings import ServiceSettings, load
from jobs.model import Endpoint, call
from jobs.prompting import Question
from jobs.settings import ModelSettings
from tests.evaluation import phrases
from tests.evaluation.figures import ACCURACY, RECALL_OF_REQUESTS, Figures, Judged

# What SQL asks of the model before it takes anybody's wait away.
SURE = 0.7
AT_ONCE = 8


class Example(NamedTuple):
    """A text and what it is."""

    text: str
    label: Class


def by_rules(part: str, examples: Sequence[Example]) -> Figures:
    """Return what the rules make of them; where they are silent, a request."""
    return Figures(part, [Judged(one.label, classify(one.text).kind) for one in examples])


async def with_model(part: str, examples: Sequence[Example], endpoint: Endpoint) -> Figures:
    """Return what rules and model make of them together; where neither is sure, a request."""
    turns = asyncio.Semaphore(AT_ONCE)
    async with supabase.open_http() as http:

        async def judged(one: Example) -> Judged:
            verdict = classify(one.text)
            if verdict.is_certain:
                return Judged(one.label, verdict.kind)
            async with turns:
                answer, _ = await call(http, endpoint, endpoint.models[0], Question(text=one.text))
            sure = answer is not None and answer.confidence >= SURE
            return Judged(one.label, answer.classification if answer and sure else "request")

        return Figures(part, await asyncio.gather(*map(judged, examples)))


async def corrected() -> list[Example]:
    """Return what people of the firm have corrected; the texts stay in this process."""
    settings = load(ServiceSettings)
    async with supabase.open_http() as http:
        key = settings.supabase_service_role_key.get_secret_value()
        found: Any = await supabase.Database(http, str(settings.supabase_url), key).call("classification_examples")
    return [Example(one["text"], one["classification"]) for one in found]


async def measured(*, with_corrections: bool) -> tuple[list[Figures], list[Figures]]:
    """Return the figures that have targets, and those that have none."""
    known = phrases.load()
    tuning = [Example(one.text, one.label) for one in known if not one.is_held_out]
    held_out = [Example(one.text, one.label) for one in known if one.is_held_out]
    bound = [by_rules("rules, tuning part", tuning), by_rules("rules, held-out part", held_out)]
    free: list[Figures] = []
    if endpoint := ModelSettings().endpoint:
        free.append(await with_model("with the model, held-out", held_out, endpoint))
    if with_corrections:
        free.append(by_rules("rules, people's corrections", await corrected()))
    return bound, free


def main(arguments: Sequence[str]) -> None:
    """Print figures and verdict."""
    bound, free = asyncio.run(measured(with_corrections="--corrections" in arguments))
    for part in (*bound, *free):
        print(*part.lines(), sep="\n")  # noqa: T201 (a person asked)
    met = all(part.meets_targets for part in bound)
    targets = f"recall of requests ≥ {RECALL_OF_REQUESTS:.0%}, accuracy ≥ {ACCURACY:.0%}"
    print(f"rules alone, {targets}: {'met' if met else 'MISSED'}")  # noqa: T201
    sys.exit(not met)


if __name__ == "__main__":
    main(sys.argv[1:])
