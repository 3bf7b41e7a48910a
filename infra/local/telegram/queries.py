"""Presses of inline buttons that wait for the bot's answer, and the answers it gave."""

import time
from dataclasses import dataclass, field

from infra.local.telegram.errors import bad_request
from infra.local.telegram.world import Part

# Telegram refuses later answers; the exact figure is not documented, bots see it after about half a minute.
ANSWER_WITHIN_SECONDS = 30


class Query(Part):
    """One press. `answered` with no text only stops the button's spinner."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    data: str
    at: float
    answered: bool = False
    text: str | None = None
    show_alert: bool = False
    url: str | None = None


@dataclass
class Queries:
    known: dict[str, Query] = field(default_factory=dict)

    def ask(self, query: Query) -> None:
        self.known[query.id] = query
        if len(self.known) > 20_000:
            del self.known[next(iter(self.known))]

    def answer(self, query_id: str, text: str | None, url: str | None, *, show_alert: bool) -> Query:
        query = self.known.get(query_id)
        late = query is not None and time.time() - query.at > ANSWER_WITHIN_SECONDS
        if query is None or query.answered or late:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answered, query.text, query.url, query.show_alert = True, text, url, show_alert
        return query
