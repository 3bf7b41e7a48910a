"""Frequent questions: asks the database to look up what was just asked. The outbox sends what it finds."""

from prometheus_client import Counter

from jobs.connections import Connections

BATCH = 50

offers = Counter("buhbot_faq_answers_total", "Answers to frequent questions that were offered.")


async def offer(connections: Connections) -> None:
    """Look up the questions of the last moment. `Unavailable` when the database cannot be asked: the next tick asks."""
    found: int = await connections.database.call("answer_questions", batch=BATCH)  # type: ignore[assignment]
    offers.inc(found)
