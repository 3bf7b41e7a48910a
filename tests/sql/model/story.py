"""What may happen in a random world, as small frozen facts that hypothesis can shrink, and how often."""

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.sql.firm import ADMIN, ANNA, BORIS, IVAN, LEBEDEVA, MARIA, NIGHT, OLGA, PETR, ROMASHKA, Row
from tests.sql.oracle import Interval, Schedule

SHIFTS = -1001000000009
BOT, CHANNEL = 777, -1009000000001
ROLES = {ADMIN: "admin", PETR: "manager", OLGA: "accountant", IVAN: "accountant", MARIA: "observer"}
BERLIN = Schedule(
    "Europe/Berlin",
    (*((day, i) for day in range(1, 6) for i in (Interval(540, 780), Interval(840, 1080))), (6, Interval(1320, 120))),
)
ASK, THANK = 0, 1
WORDS: list[Row] = [
    {"kind": "text", "text": "Где акт?"},
    {"kind": "text", "text": "Спасибо", "classification": "gratitude"},
    {"kind": "photo", "text": None},
    {"kind": "photo", "text": None, "caption": "Это?"},
    {"kind": "sticker", "text": None},
    {"kind": "service", "text": None},
    {"kind": "command", "text": "/pay"},
    {"kind": "text", "text": "Спасибо, а когда?", "classification": "clarification"},
    {"kind": "text", "text": "Куплю", "classification": "spam"},
]


@dataclass(frozen=True)
class Say:
    """Somebody writes `after` minutes; `reply_to` counts back from the latest message; `late` waits for Deliver."""

    after: int
    topic: tuple[int, int]
    who: int
    words: int
    reply_to: int | None
    late: bool


@dataclass(frozen=True)
class Edited:
    after: int
    which: int
    words: int
    late: bool


@dataclass(frozen=True)
class React:
    after: int
    which: int
    who: int
    withdrawn: bool
    late: bool


@dataclass(frozen=True)
class Deliver:
    """The outage ends: what was held back arrives in random order and random portions, some of it twice."""

    seed: int


@dataclass(frozen=True)
class Sweep:
    """Some sweeps in a row, `every` so many minutes."""

    every: int
    times: int


@dataclass(frozen=True)
class Press:
    after: int
    which: int
    who: int
    verb: str


@dataclass(frozen=True)
class Calendar:
    """A date counted from today gets hours unlike its weekday's, or goes `back`; for a schedule, or None: the firm."""

    schedule: str | None
    day: int
    hours: Interval | None
    works_as: int | None
    shortened: int | None
    back: bool


@dataclass(frozen=True)
class Away:
    who: int
    substitute: int | None
    since: int
    length: int


@dataclass(frozen=True)
class HandOver:
    chat: int
    who: int | None


@dataclass(frozen=True)
class Monitor:
    chat: int
    on: bool


@dataclass(frozen=True)
class Manage:
    """From now on `manager` runs the work of `accountant`, or runs it no more."""

    manager: int
    accountant: int


@dataclass(frozen=True)
class Lead:
    who: int | None


@dataclass(frozen=True)
class Send:
    """Messages of the outbox are sent; `unlucky` has blocked the bot."""

    after: int
    unlucky: int | None


@dataclass(frozen=True)
class Dismiss:
    """Somebody of the firm works here no more, or again."""

    who: int
    back: bool


@dataclass(frozen=True)
class Greet:
    """Somebody speaks to the bot in private, and so can be reached."""

    who: int


Talk = Say | Edited | React
Action = Talk | Deliver | Sweep | Press | Calendar | Away | HandOver | Monitor | Manage | Lead | Send | Greet | Dismiss

_after = st.sampled_from([0, 0, 1, 2, 5, 10, 12, 24, 30, 48, 60, 61, 90, 240, 600, 900, 1440])
_topics = st.sampled_from([*[(ROMASHKA, 0)] * 3, *[(NIGHT, 0)] * 3, (ROMASHKA, 5), (LEBEDEVA, 0), (SHIFTS, 0)])
_chats = st.sampled_from([ROMASHKA, ROMASHKA, NIGHT, NIGHT, LEBEDEVA, SHIFTS])
_clients, _staff = st.sampled_from([ANNA, BORIS]), st.sampled_from([OLGA, PETR, IVAN, MARIA])
_which = st.sampled_from([0, 0, 1, 1, 2, 3, 5])
_reply_to = st.none() | _which

_Says = st.SearchStrategy[Say]


def _says(topics: st.SearchStrategy[tuple[int, int]]) -> tuple[_Says, _Says, _Says]:
    """Return questions, answers, and anything that anybody may say."""
    anybody = _clients | _staff | st.sampled_from([BOT, CHANNEL])
    anything = st.integers(0, len(WORDS) - 1)
    return (
        st.builds(Say, _after, topics, _clients, st.just(ASK), st.none(), st.booleans()),
        st.builds(Say, _after, topics, _staff, st.just(ASK), _reply_to, st.booleans()),
        st.builds(Say, _after, topics, anybody, anything, _reply_to, st.booleans()),
    )


asks, answers, says = _says(_topics)
edits = st.builds(Edited, _after, _which, st.sampled_from([ASK, THANK]), st.booleans())
reacts = st.builds(
    React,
    _after,
    _which,
    st.sampled_from([OLGA, OLGA, PETR, IVAN, ANNA]),
    st.sampled_from([False] * 5 + [True]),
    st.booleans(),
)
delivers = st.builds(Deliver, st.integers(0, 999))
sweeps = st.builds(Sweep, st.sampled_from([1, 13, 30, 30, 61, 61, 240, 900]), st.integers(1, 6))
presses = st.builds(
    Press, st.sampled_from([0, 0, 1, 30]), st.sampled_from([0, 0, 0, 1, 2]),
    st.sampled_from([OLGA, OLGA, PETR, PETR, IVAN, MARIA]),
    st.sampled_from(["take", "take", "no_answer_needed", "no_answer_needed", "remind_30"]),
)  # fmt: skip
calendars = st.builds(
    Calendar, st.sampled_from([None, "office", "shifts"]), st.sampled_from([0, 0, 1, 1, 2, -1, 3]),
    st.sampled_from([None, None, Interval(600, 720), Interval(1320, 120)]), st.sampled_from([None, None, 1, 6]),
    st.sampled_from([None, None, 60, 500]), st.booleans(),
)  # fmt: skip
absences = st.builds(
    Away, st.sampled_from([OLGA, OLGA, IVAN, PETR]), st.none() | _staff, st.sampled_from([-200, 0, 0, 30, 300]),
    st.sampled_from([60, 600, 3000]),
)  # fmt: skip
hand_overs = st.builds(HandOver, _chats, st.none() | st.sampled_from([OLGA, IVAN]))
monitors = st.builds(Monitor, _chats, st.booleans())
manages = st.builds(Manage, st.sampled_from([IVAN, ADMIN, PETR]), st.just(OLGA))
leads = st.builds(Lead, st.none() | st.sampled_from([IVAN, PETR, OLGA]))
sends = st.builds(Send, _after, st.none() | st.sampled_from([OLGA, PETR, IVAN]))
greets = st.builds(Greet, st.sampled_from([OLGA, PETR, IVAN]))
dismissals = st.builds(Dismiss, st.sampled_from([OLGA, IVAN, MARIA, PETR]), st.booleans())

# Small talk in one place: what messages do to each other.
talks = st.lists(
    st.one_of(*_says(st.sampled_from([(ROMASHKA, 0)] * 7 + [(ROMASHKA, 5)])), edits, edits, reacts, reacts),
    min_size=4,
    max_size=14,
)
worlds = st.lists(
    st.one_of(
        delivers, asks, asks, answers, says, edits, reacts, sweeps, sweeps, sends, presses, calendars, absences,
        hand_overs, monitors, manages, leads, greets, dismissals,
    ),
    min_size=12, max_size=40,
)  # fmt: skip
