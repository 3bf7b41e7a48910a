"""What a reader of a topic would say: which questions waited, since when, and who answered (S1 to S5, S9).

A pure function of dated messages. It knows no order of arrival, no database and no clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, order=True)
class Place:
    """Where a message stands in its topic: by Telegram's date, and by its number within a second."""

    at: datetime
    message_id: int


@dataclass(frozen=True, order=True)
class Edit:
    at: datetime
    update_id: int
    asks: bool
    answers: bool


@dataclass
class Message:
    """`asks`: a client's first wording needs an answer (S2). `answers`: staff's, with text or caption (S3)."""

    place: Place
    is_staff: bool
    user: UUID | None
    asks: bool
    answers: bool
    addressed: Place | None
    edits: list[Edit] = field(default_factory=list)

    @property
    def is_answer(self) -> bool:
        """Text added later answers too, and what answered once does so for good."""
        return self.is_staff and (self.answers or any(edit.answers for edit in self.edits))

    def asked_at(self, since: datetime | None = None) -> datetime | None:
        """Return when an edit first made it a question; of those since an instant."""
        return min((edit.at for edit in self.edits if edit.asks and (since is None or edit.at >= since)), default=None)

    @property
    def withdrawn_at(self) -> datetime | None:
        """Return since when it asks no more; None while its latest wording does, and where no edit took it back."""
        since = None
        for edit in sorted(self.edits, reverse=True):
            if edit.asks:
                break
            since = edit.at
        return since


@dataclass(frozen=True)
class Question:
    """A client's message that asks or asked, where it asks; `withdrawn_at` when the latest wording asks no more."""

    place: Place
    withdrawn_at: datetime | None

    def stands_at(self, at: datetime) -> bool:
        return self.withdrawn_at is None or at <= self.withdrawn_at


@dataclass(frozen=True)
class Waiting:
    """A window as read off the messages: all that asked, its questions in order, and what ended it."""

    asked: frozenset[int]
    questions: tuple[Question, ...]
    answer: Message | None = None
    excused_at: datetime | None = None


@dataclass(frozen=True)
class Settled:
    """What people or a switch closed for good: nobody reads it anew. `at` when the topic's own time knows it."""

    asked: frozenset[int]
    counted: frozenset[int]
    opening: Place
    last: Place
    at: datetime | None

    @property
    def withdrawn(self) -> frozenset[int]:
        return self.asked - self.counted

    def spans(self, place: Place) -> bool:
        return self.opening <= place <= self.last


def question_of(message: Message, answers: list[Message], settled: list[Settled]) -> Question | None:
    """Return what asks, and where: made a question by an edit after somebody answered or closed it, at that edit."""
    place = message.place
    if message.is_staff or any(place.message_id in window.counted for window in settled):
        return None
    if dropped_by := [window for window in settled if place.message_id in window.withdrawn]:
        closed = [window.at for window in dropped_by if window.at]
        at = message.asked_at(since=max(closed)) if closed else None
        return Question(Place(at, place.message_id), message.withdrawn_at) if at else None
    if message.asks:
        return Question(place, message.withdrawn_at)
    if (at := message.asked_at()) is None:
        return None
    ends = [answer.place.at for answer in answers if place < answer.place]
    ends += [window.at for window in settled if window.at and place.at <= window.at]
    asked = Place(at, place.message_id) if any(end <= at for end in ends) else place
    return Question(asked, message.withdrawn_at)


def _end(held: list[Question]) -> Waiting:
    """Return a window that no answer closed: it waits, or all of it was withdrawn."""
    standing = tuple(question for question in held if question.withdrawn_at is None)
    if standing:
        return Waiting(_numbers(held), standing)
    return Waiting(_numbers(held), tuple(held), excused_at=max(q.withdrawn_at for q in held if q.withdrawn_at))


def _ended_by(answer: Message, held: list[Question]) -> Waiting | None:
    standing = tuple(question for question in held if question.stands_at(answer.place.at))
    if not standing or (answer.addressed is not None and answer.addressed < held[0].place):
        return None
    return Waiting(_numbers(held), standing, answer)


def _numbers(held: list[Question]) -> frozenset[int]:
    return frozenset(question.place.message_id for question in held)


def read(messages: Iterable[Message], settled: list[Settled]) -> Iterator[Waiting]:
    """Return the windows of a topic, oldest first. A reply ends the window it addresses and older ones (S3).

    What still waited before something that was closed for good is part of it, and so is what arrives too late for it.
    """
    known = list(messages)
    answers = [message for message in known if message.is_answer]
    asked = [question for message in known if (question := question_of(message, answers, settled))]
    steps: list[tuple[Place, Message | Question | Settled]] = [
        *((a.place, a) for a in answers if not any(s.spans(a.place) for s in settled)),
        *((q.place, q) for q in asked if not any(s.spans(q.place) for s in settled)),
        *((s.opening, s) for s in settled),
    ]
    held: list[Question] = []
    for _, step in sorted(steps, key=lambda step: step[0]):
        if held and _has_ended_before(step, held):
            yield _end(held)
            held = []
        if isinstance(step, Settled):
            held = []
        elif isinstance(step, Question):
            held.append(step)
        elif held and (ended := _ended_by(step, held)):
            yield ended
            held = []
    if held:
        yield _end(held)


def _has_ended_before(step: Message | Question | Settled, held: list[Question]) -> bool:
    """Whether all of it was withdrawn before what comes next; at the same second an answer is still one."""
    if isinstance(step, Settled):
        return all(question.withdrawn_at for question in held)
    at = step.place.at
    if isinstance(step, Question):
        return all(q.withdrawn_at and q.withdrawn_at <= at for q in held)
    return not any(question.stands_at(at) for question in held)
