"""Tells a story to the database and to the model alike."""

import json
import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import singledispatchmethod
from typing import Any
from uuid import UUID

import psycopg

from tests.sql.firm import (
    IVAN,
    LEBEDEVA,
    NIGHT,
    OLGA,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    claim,
    ingest,
    one,
    sweep,
    user_id,
)
from tests.sql.model import story
from tests.sql.model.people import Absence, People, Person
from tests.sql.model.scribe import NAME, START, Scribe
from tests.sql.model.window import Window
from tests.sql.model.world import Chat, World
from tests.sql.oracle import Exceptional
from tests.sql.schedules import OFFICE, hours, shorten_horizon, store

CHAT = """
  insert into public.chats (
    chat_id, type, chat_name, assigned_accountant_id, schedule_id, sla_threshold_minutes, monitoring_enabled,
    connected_at
  )
  values (%s, 'supergroup', %s, %s, %s, 30, true, now())
"""
# The messages that tell of open windows, latest first.
TOLD = """
  select n.message_id, array_agg(distinct n.request_id) as windows
  from public.notices as n
  join public.client_requests as w on w.id = n.request_id and w.closed_as is null
  join public.outbox as o on o.id = n.message_id
  group by n.message_id
  order by min(o.position) desc
"""
UNREAD = """
  select distinct a.request_id, a.kind, a.level
  from public.notices as n
  join public.sla_alerts as a on a.id = n.alert_id and a.resolved_at is null
  where n.message_id = any (%s::uuid[])
"""
SPECIAL = """
  insert into public.calendar_exceptions (schedule_id, on_date, name, opens, closes, works_as, shortened_minutes)
  values (%s, %s, 'x', %s, %s, %s, %s)
"""
USUAL = "delete from public.calendar_exceptions where schedule_id is not distinct from %s and on_date = %s"


def set_up(db: Connection) -> dict[str, UUID]:
    """Add a chat with shifts and a lunch in another zone. Returns the schedules that stories edit, by name."""
    shorten_horizon(db, START)
    db.execute("delete from public.calendar_exceptions")
    db.execute("update public.chats set chat_name = %s", [NAME])
    shifts = store(db, story.BERLIN)
    db.execute("select private.rebuild_working_periods(%s)", [shifts])
    db.execute(CHAT.encode(), [story.SHIFTS, NAME, user_id(IVAN), shifts])
    db.execute("update public.chats set anonymous_staff = true where chat_id = %s", [LEBEDEVA])
    return {"office": one(db, "select default_schedule_id from public.settings"), "shifts": shifts}


def demo_world() -> World:
    people = People({user_id(t): Person(user_id(t), t, role) for t, role in story.ROLES.items()})
    hour = timedelta(hours=1)
    chats = {
        ROMASHKA: Chat(user_id(OLGA), "office", hour),
        LEBEDEVA: Chat(user_id(IVAN), "office", 2 * hour, anonymous_staff=True),
        NIGHT: Chat(user_id(OLGA), "always", hour),
        story.SHIFTS: Chat(user_id(IVAN), "shifts", hour / 2),
    }
    return World(people, chats, {"office": OFFICE, "shifts": story.BERLIN, "always": None})


@dataclass
class Telling:
    db: Connection
    schedule_ids: dict[str, UUID]
    world: World = field(default_factory=demo_world)
    scribe: Scribe = field(default_factory=Scribe)
    backlog: list[Row] = field(default_factory=list)
    special: dict[tuple[str | None, date], Exceptional] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.scribe.now

    @singledispatchmethod
    def tell(self, action: story.Action) -> None:
        raise TypeError(action)

    def finish(self) -> None:
        self.tell(story.Deliver(1))

    def _ingest(self, *records: Row) -> None:
        assert "rejected" not in ingest(self.db, *records)
        self.world.ingest(records)

    @tell.register
    def _talk(self, action: story.Say | story.Edited | story.React) -> None:
        record = self.scribe.write(action)
        if record and action.late:
            self.backlog.append(record)
        elif record:
            self._ingest(record)

    @tell.register
    def _deliver(self, action: story.Deliver) -> None:
        portions, self.backlog = shuffled(self.backlog, action.seed), []
        for portion in portions:
            self._ingest(*portion)

    @tell.register
    def _sweep(self, action: story.Sweep) -> None:
        for _ in range(action.times):
            self.scribe.now += timedelta(minutes=action.every)
            sweep(self.db, self.now)
            self.world.sweep(self.now)

    @tell.register
    def _press(self, action: story.Press) -> None:
        """Press under one of the latest alerts; which windows it tells of is the outbox's affair, and asked there."""
        self.scribe.now += timedelta(minutes=action.after)
        told = all_rows(self.db, TOLD)
        if action.which >= len(told):
            return
        message = told[action.which]
        person = self.world.people.known_as(action.who)
        windows = [w for w in self._windows(message["windows"]) if w.closed_as is None]
        windows = [w for w in windows if person and self.world.may_act(person, w, self.now)]
        is_excuse = action.verb == "no_answer_needed"
        is_allowed = bool(windows) and not (is_excuse and len(message["windows"]) > 1)
        press = "select api.press_alert(%s, %s, %s, %s)"
        assert self._is_accepted(press, message["message_id"], action.verb, action.who, self.now) == is_allowed
        for window in windows if is_allowed else []:
            if action.verb == "take":
                self.world.take(window, user_id(action.who), self.now)
            elif is_excuse:
                self.world.excuse(window, user_id(action.who), self.now)

    def _windows(self, ids: list[UUID]) -> list[Window]:
        rows = all_rows(
            self.db, "select chat_id, first_message_id from public.client_requests where id = any (%s)", ids
        )
        keys = {(row["chat_id"], row["first_message_id"]) for row in rows}
        return [w for w in self.world.windows if (w.chat, w.opening.message_id) in keys]

    def _is_accepted(self, query: str, *values: Any) -> bool:
        try:
            with self.db.transaction():
                self.db.execute(query.encode(), values)
        except psycopg.Error:
            return False
        return True

    @tell.register
    def _edit_calendar(self, action: story.Calendar) -> None:
        key = action.schedule, self.now.date() + timedelta(days=action.day)
        schedule_id = self.schedule_ids[action.schedule] if action.schedule else None
        if action.back != (key in self.special):
            return
        if action.back:
            del self.special[key]
            self.db.execute(USUAL.encode(), [schedule_id, key[1]])
        else:
            rules = (None, None) if action.hours else (action.works_as, action.shortened)
            self.special[key] = Exceptional(key[1], action.schedule is not None, action.hours, *rules)
            self.db.execute(SPECIAL.encode(), [schedule_id, key[1], *hours(action.hours), *rules])
        for name, plain in (("office", OFFICE), ("shifts", story.BERLIN)):
            if action.schedule in (None, name):
                ruling = tuple(e for (of, _), e in self.special.items() if of in (None, name))
                self.world.change_calendar(name, replace(plain, exceptions=ruling))

    @tell.register
    def _send_away(self, action: story.Away) -> None:
        since = self.now + timedelta(minutes=action.since)
        until = since + timedelta(minutes=action.length)
        substitute = user_id(action.substitute) if action.substitute else None
        absent = "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))"
        if self._is_accepted(absent, user_id(action.who), substitute, since, until):
            self.world.people.absences.append(Absence(user_id(action.who), substitute, since, until))

    @tell.register
    def _hand_over(self, action: story.HandOver) -> None:
        owner = user_id(action.who) if action.who else None
        self.db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", [owner, action.chat])
        self.world.hand_over(action.chat, owner)

    @tell.register
    def _monitor(self, action: story.Monitor) -> None:
        self.db.execute("update public.chats set monitoring_enabled = %s where chat_id = %s", [action.on, action.chat])
        self.world.monitor(action.chat, on=action.on)

    @tell.register
    def _manage(self, action: story.Manage) -> None:
        pair = user_id(action.manager), user_id(action.accountant)
        if pair in self.world.people.managed:
            query = "delete from public.manager_accountants where manager_id = %s and accountant_id = %s"
        else:
            query = "insert into public.manager_accountants (manager_id, accountant_id) values (%s, %s)"
        self.db.execute(query.encode(), pair)
        self.world.people.managed ^= {pair}

    @tell.register
    def _lead(self, action: story.Lead) -> None:
        self.world.people.head = user_id(action.who) if action.who else None
        self.db.execute("update public.settings set head_id = %s", [self.world.people.head])

    @tell.register
    def _dismiss(self, action: story.Dismiss) -> None:
        self.db.execute("update public.users set active = %s where telegram_id = %s", [action.back, action.who])
        self.world.people.staff[user_id(action.who)].active = action.back

    @tell.register
    def _greet(self, action: story.Greet) -> None:
        one(self.db, "select api.greet(%s)", action.who)
        self.world.reach(user_id(action.who), can=True)

    @tell.register
    def _send(self, action: story.Send) -> None:
        self.scribe.now += timedelta(minutes=action.after)
        claimed = claim(self.db, self.now)
        unread = [message["id"] for message in claimed if message["recipient_chat_id"] == action.unlucky]
        told = all_rows(self.db, UNREAD, unread)
        results = [
            {
                "id": message["id"], "revision": message["revision"], "rings": message["rings"],
                "outcome": "blocked" if message["id"] in unread else "sent",
                "telegram_message_id": message["telegram_message_id"] or next(self.scribe.numbers),
            }
            for message in claimed
        ]  # fmt: skip
        one(self.db, "select api.settle_outbox(%s, %s)", json.dumps(results), self.now)
        if unread and action.unlucky:
            self.world.reach(user_id(action.unlucky), can=False)
        for alert in told:
            for window in self._windows([alert["request_id"]]):
                self.world.tell_others(window, (alert["kind"], alert["level"]), self.now)


def shuffled(records: list[Row], seed: int) -> list[list[Row]]:
    """Return them in random order and random portions, half of them twice."""
    chance = random.Random(seed)
    several = records + chance.sample(records, len(records) // 2)
    if seed:
        chance.shuffle(several)
    portions: list[list[Row]] = []
    while several:
        size = chance.randint(1, 4)
        portions.append(several[:size])
        several = several[size:]
    return portions
