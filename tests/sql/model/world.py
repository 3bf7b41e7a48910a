"""The reference model: what the firm's database should hold after whatever has been delivered, pressed, edited, swept.

Written from sla.md. What is a matter of dates is read anew from all messages (line.py); what people and sweeps did, and
the snapshots of S8, stay with a window as long as it keeps one of its messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.sql.model.line import Edit, Message, Place, Waiting, read
from tests.sql.model.people import People, Person
from tests.sql.model.window import Alert, Rung, Window
from tests.sql.oracle import Schedule

Record = dict[str, Any]
Topic = tuple[int, int]


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@dataclass
class Chat:
    owner: UUID | None
    schedule: str
    target: timedelta
    monitored: bool = True
    anonymous_staff: bool = False


@dataclass
class World:
    """`schedules` by name; None is around the clock."""

    people: People
    chats: dict[int, Chat]
    schedules: dict[str, Schedule | None]
    windows: list[Window] = field(default_factory=list)
    messages: dict[Topic, dict[int, Message]] = field(default_factory=dict)
    early_edits: dict[Topic, dict[int, list[Edit]]] = field(default_factory=dict)
    unmeasured: set[tuple[int, int]] = field(default_factory=set)
    reactions: dict[int, list[tuple[datetime, int, int, UUID]]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)

    def ingest(self, records: Iterable[Record]) -> None:
        touched: set[Topic] = set()
        for record in records:
            if record["update_id"] in self.seen:
                continue
            self.seen.add(record["update_id"])
            if record.get("type") == "reaction":
                self._react(record)
                touched |= {topic for topic in self.messages if topic[0] == record["chat_id"]}
            else:
                topic = (record["chat_id"], record.get("topic_id") or 0)
                self._edit(topic, record) if record.get("type") == "edit" else self._say(topic, record)
                touched.add(topic)
        for topic in sorted(touched):
            self._settle(topic)

    def _react(self, record: Record) -> None:
        person = self.people.known_as(record["user_id"])
        if person and record["emoji"]:
            made = (instant(record["date"]), record["update_id"], record["message_id"], person.id)
            self.reactions.setdefault(record["chat_id"], []).append(made)

    def _say(self, topic: Topic, record: Record) -> None:
        chat = self.chats[record["chat_id"]]
        number = record["message_id"]
        if not chat.monitored:
            self.unmeasured.add((topic[0], number))
            return
        person, is_staff = self._standing(record)
        self.messages.setdefault(topic, {})[number] = Message(
            Place(instant(record["date"]), number),
            is_staff,
            person.id if person else None,
            asks=not is_staff and asks(record),
            answers=says(record),
            addressed=self._addressed(record),
            edits=self.early_edits.get(topic, {}).pop(number, []),
        )

    def _standing(self, record: Record) -> tuple[Person | None, bool]:
        """Return who of the firm wrote it, and whether it is the firm's, as of its arrival."""
        person = None if record["is_bot"] else self.people.known_as(record["user_id"])
        on_behalf = record.get("on_behalf", False) and self.chats[record["chat_id"]].anonymous_staff
        return person, person is not None or on_behalf

    def _addressed(self, record: Record) -> Place | None:
        """Return the client's message that a reply addresses; replies to others are plain."""
        if not record.get("reply_to_date") or record.get("reply_to_is_bot"):
            return None
        if self.people.known_as(record.get("reply_to_user_id")):
            return None
        return Place(instant(record["reply_to_date"]), record["reply_to"])

    def _edit(self, topic: Topic, record: Record) -> None:
        number = record["message_id"]
        edit = Edit(instant(record["edited_at"]), record["update_id"], asks(record), says(record))
        if not self.chats[topic[0]].monitored or (topic[0], number) in self.unmeasured:
            return
        if number in self.messages.get(topic, {}):
            self.messages[topic][number].edits.append(edit)
        else:
            # Nobody knows yet whose message it edits: whoever works here when the edit arrives, edits for the firm.
            _person, is_staff = self._standing(record)
            edit = replace(edit, asks=edit.asks and not is_staff, answers=edit.answers and is_staff)
            self.early_edits.setdefault(topic, {}).setdefault(number, []).append(edit)

    def _of(self, topic: Topic) -> list[Window]:
        return [window for window in self.windows if (window.chat, window.topic) == topic]

    def _settle(self, topic: Topic) -> None:
        """Read the topic anew, and let each window go on as the one that holds its earliest remaining question."""
        final = [window.settled() for window in self._of(topic) if window.is_final]
        readings = list(read(self.messages.get(topic, {}).values(), final))
        holders = {number: reading for reading in readings for number in reading.asked}
        taken: dict[frozenset[int], Window] = {}
        for window in sorted((w for w in self._of(topic) if not w.is_final), key=lambda w: w.opening):
            reading = next((holders[number] for number in window.counted if number in holders), None)
            if reading is None or reading.asked in taken:
                self.windows.remove(window)
            else:
                taken[reading.asked] = window
        for reading in readings:
            self._update(taken.get(reading.asked) or self._opened(topic, reading), reading)
        for window in self._of(topic):
            if not window.is_final:
                self._acknowledge(window)

    def _opened(self, topic: Topic, reading: Waiting) -> Window:
        chat = self.chats[topic[0]]
        window = Window(*topic, chat.schedule, chat.target, chat.owner, reading)
        self.windows.append(window)
        return window

    def _update(self, window: Window, reading: Waiting) -> None:
        window.reading = reading
        schedule = self.schedules[window.schedule]
        if window.scheduled_from != window.opening.at:
            self._reschedule(window)
        if reading.answer:
            window.answer(reading.answer, schedule)
            self._decide(window, reading.answer.place.at)
        elif reading.excused_at:
            window.close("excused", "edited", reading.excused_at)
        elif window.closed_as:
            window.reopen()
            self._reschedule(window)

    def _reschedule(self, window: Window) -> None:
        """Set its deadline anew, and who was on duty then if it stays missed."""
        window.reschedule(self.schedules[window.schedule])
        if window.breached_at and window.due_at:
            self._decide(window, window.due_at)

    def _decide(self, window: Window, at: datetime) -> None:
        """Record who was on duty when it was answered or fell due, whichever came first; once for each such instant."""
        decided_at = min(at, window.due_at) if window.due_at else at
        if window.decided_at != decided_at:
            window.decided_at = decided_at
            window.on_duty = self.people.on_duty(window.owner, decided_at)

    def _acknowledge(self, window: Window) -> None:
        """A sign is a reaction on a question that counts, while the window was open, or a press (S5)."""
        reactions = [
            (at, update_id, who)
            for at, update_id, number, who in self.reactions.get(window.chat, [])
            if number in window.counted and window.was_open_at(at)
        ]
        window.acknowledge(reactions + window.presses)

    def change_calendar(self, name: str, schedule: Schedule) -> None:
        self.schedules[name] = schedule
        for window in self.windows:
            if window.schedule == name and window.closed_as is None:
                self._reschedule(window)

    def hand_over(self, chat: int, owner: UUID | None) -> None:
        self.chats[chat].owner = owner
        for window in self.windows:
            if window.chat == chat and window.closed_as is None and window.breached_at is None:
                window.owner = owner

    def monitor(self, chat: int, *, on: bool) -> None:
        self.chats[chat].monitored = on
        for window in self.windows:
            if not on and window.chat == chat and window.closed_as is None:
                window.close("voided", "monitoring_off", None)

    def may_act(self, who: Person, window: Window, at: datetime) -> bool:
        if who.role == "accountant":
            owner = self.chats[window.chat].owner
            return owner is not None and who.id in (owner, self.people.on_duty(owner, at))
        return who.role in ("admin", "manager")

    def take(self, window: Window, who: UUID, at: datetime) -> None:
        if not window.is_held:
            window.presses.append((at, 0, who))
            self._acknowledge(window)

    def excuse(self, window: Window, who: UUID, at: datetime) -> None:
        if window.on_duty is None:
            self._decide(window, at)
        window.close("excused", "no_answer_needed", max(at, window.opening.at), who)

    def reach(self, who: UUID, *, can: bool) -> None:
        self.people.staff[who].reachable = can

    def tell_others(self, window: Window, key: Rung, at: datetime) -> None:
        """Somebody could not be told: the next in line hears (E19)."""
        window.alerts[key].recipients |= self._recipients(window, key, at)

    def _recipients(self, window: Window, key: Rung, at: datetime) -> set[UUID]:
        """Who should act now: the chat's owner of today, whoever the window counts for."""
        return self.people.recipients(*key, self.chats[window.chat].owner, at)

    def sweep(self, at: datetime) -> None:
        """Take at most one step of each open window's ladder (S13, S14)."""
        for window in self.windows:
            reached = window.climb(at, self.schedules[window.schedule])
            if reached is None:
                continue
            if reached[0] == "expiry":
                window.resolve("expired")
                continue
            if reached[0] == "breach":
                window.breached_at = at
                self._decide(window, at)
            window.alerts[reached] = Alert(self._recipients(window, reached, at))


def asks(record: Record) -> bool:
    """S2: uncertain is actionable."""
    return (
        not record["is_bot"]
        and record["kind"] not in ("service", "command")
        and record.get("classification", "request") in ("request", "clarification")
    )


def says(record: Record) -> bool:
    return record["kind"] not in ("service", "command") and bool(record.get("text") or record.get("caption"))
