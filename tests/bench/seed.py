"""The hardest firm for intake and sweep: four conversations, of which most wait in a million topics at once."""

import json
import time
from dataclasses import dataclass

from tests.bench.copies import copy
from tests.bench.rig import Connection, one
from tests.world import ACCOUNTANT

WEEK, HOUR = 7 * 24 * 60, 60
# Telegram ids, the template chats' and from where on the copies' are.
OPEN, ANSWERED, LATE, DUE = -1_090_000_000_001, -1_090_000_000_002, -1_090_000_000_003, -1_090_000_000_004
FIRST_CHAT = 1_091_000_000_000
# Ids of the history's messages lie below, those of the load above.
HISTORY = 100_000
# Nothing that is seeded is due before this; then `Scale.due` windows are at once, and twice more, so far apart that
# no round meets the next one's warnings or the next step of the one before.
DUE_IN_MINUTES = (180, 194, 208)
FIRST_DUE_TOPIC, FIRST_LATE_TOPIC = 10_000, 50_000


@dataclass(frozen=True)
class Scale:
    """How much there is: open windows, one in each topic of a crowded chat, and closed ones in busy chats."""

    crowded_chats: int = 1000
    topics: int = 1000
    busy_chats: int = 200
    history: int = 1000
    late: int = 100
    """Closed windows of a busy chat that were answered too late, so that people were told."""
    due: int = 10_000

    @property
    def windows(self) -> int:
        """Open and closed."""
        return (
            self.crowded_chats * self.topics
            + self.busy_chats * (self.history + self.late)
            + self.due * len(DUE_IN_MINUTES)
        )


@dataclass(frozen=True)
class Firm:
    """Where things are: Telegram ids without their sign, and when many windows become due at once."""

    busy: range
    floor: range
    crowded: range
    due_at: tuple[float, ...]


def build(db: Connection, scale: Scale, first_chat: int = FIRST_CHAT) -> Firm:
    """Fill the tables.

    As superuser: triggers and foreign keys would take most of the time, and what they check holds for copies too.
    """
    _hold_conversations(db)
    busy = range(first_chat, first_chat + scale.busy_chats)
    floor = range(busy.stop, busy.stop + scale.busy_chats)
    crowded = range(floor.stop, floor.stop + scale.crowded_chats)
    db.execute("set session_replication_role = replica")
    for chats in (busy, floor, crowded):
        _copy(db, "chats", f"t.chat_id = {OPEN}", _chats(chats))
    # The load meets the firm's default hours: around the clock, a deadline is a mere addition.
    db.execute("update public.chats set schedule_id = null where chat_id between %s and %s", [-busy.stop, -busy.start])
    _converse(db, OPEN, _open(crowded, scale.topics))
    _converse(db, ANSWERED, _history(busy, scale.history, before=HISTORY, hours=0))
    _converse(db, LATE, _history(busy, scale.late, before=HISTORY // 2, hours=5))
    for nth, minutes in enumerate(DUE_IN_MINUTES, 1):
        _converse(db, DUE, _due(crowded, scale.topics + FIRST_DUE_TOPIC * nth, scale.due, later=minutes - HOUR))
    db.execute("reset session_replication_role")
    windows = one(
        db,
        "select count(*) from public.client_requests where chat_id between %s and %s",
        *(1 - crowded.stop, -first_chat),
    )
    assert windows == scale.windows, f"{windows} of {scale.windows} windows were made"
    asked_at = one(
        db, "select extract(epoch from opened_at)::float from public.client_requests where chat_id = %s", DUE
    )
    return Firm(busy, floor, crowded, tuple(asked_at + minutes * 60 for minutes in DUE_IN_MINUTES))


def let_come_due(db: Connection, firm: Firm, windows: int) -> None:
    """Add windows whose deadline has passed: the running sweep finds them."""
    db.execute("set session_replication_role = replica")
    _converse(db, OPEN, _due(firm.crowded, FIRST_LATE_TOPIC, windows, later=-WEEK - HOUR))
    db.execute("reset session_replication_role")


def _hold_conversations(db: Connection) -> None:
    """Let the product have the four conversations, once."""
    if one(db, "select true from public.chats where chat_id = %s", OPEN):
        return
    now = int(time.time())
    for chat, minutes in ((OPEN, WEEK), (ANSWERED, WEEK), (LATE, HOUR), (DUE, HOUR)):
        _connect(db, chat, minutes)
    _ingest(db, _said(ANSWERED, 1, now - 1800), _said(LATE, 1, now - 3 * 3600))
    told = "select true from public.sla_alerts as a join public.client_requests as w on w.id = a.request_id"
    # The running job may be quicker.
    assert one(db, "select api.claim_due()") or one(db, f"{told} where w.chat_id = %s limit 1", LATE), "nobody was told"
    _ingest(db, _said(ANSWERED, 2, now, by=ACCOUNTANT), _said(LATE, 2, now, by=ACCOUNTANT))
    _ingest(db, _said(OPEN, 1, now), _said(DUE, 1, now))


def _connect(db: Connection, chat: int, minutes: int) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, schedule_id,"
        " sla_threshold_minutes, monitoring_enabled, connected_at)"
        " select %s, 'supergroup', 'ООО Образец', u.id, s.id, %s, true, now() - interval '400 days'"
        " from public.users as u, public.working_schedules as s"
        " where u.telegram_id = %s and s.around_the_clock order by s.id limit 1",
        [chat, minutes, ACCOUNTANT],
    )


def _said(chat: int, message: int, at: int, by: int = 2001) -> dict[str, object]:
    """An intake record."""
    return {
        "update_id": 10**15 - chat + message,
        "chat_id": chat,
        "chat_type": "supergroup",
        "chat_name": "ООО Образец",
        "message_id": message,
        "date": at,
        "user_id": by,
        "author_name": "Анна Клиентова",
        "is_bot": False,
        "kind": "text",
        "text": "Добрый день. Когда будет готов акт сверки с ООО «Вектор»?",
        "classification": "request",
    }


def _ingest(db: Connection, *records: dict[str, object]) -> None:
    answers = one(db, "select api.ingest(%s::text)", json.dumps(records))
    assert {answer["outcome"] for answer in answers} == {"recorded"}, answers


# Each of the following says which copies to make: a number of its own, where, and how far messages and instants move.


def _chats(chats: range) -> str:
    return f"select c as n, -c as chat_id, interval '0' as later from {_series(chats)} as c"


def _open(chats: range, topics: int) -> str:
    """Of the latest five days, which is less than the week that they may wait."""
    return f"""
      select
        c * 100000 + t as n, -c as chat_id, t as topic_id, t as messages,
        interval '-1 minute' * ((c * 7919 + t * 13) % 7200) as later
      from {_series(chats)} as c, generate_series(1, {topics}) as t
    """


def _history(chats: range, length: int, before: int, hours: int) -> str:
    """One every nine hours, back from some hours ago; message ids end `before`."""
    return f"""
      select
        c * 100000 + h as n, -c as chat_id, 0 as topic_id, {before} - 2 * h as messages,
        interval '-1 hour' * ({hours} + 9 * h) as later
      from {_series(chats)} as c, generate_series(1, {length}) as h
    """


def _due(chats: range, first_topic: int, windows: int, later: int) -> str:
    """In topics of their own, spread over the chats; `later` in minutes."""
    chat, topic = f"({chats.start} + i % {len(chats)})", f"({first_topic} + i / {len(chats)})"
    return f"""
      select {chat} * 100000 + {topic} as n, -({chat}) as chat_id, {topic} as topic_id, {topic} as messages,
        interval '1 minute' * {later} as later
      from generate_series(0, {windows - 1}) as i
    """


def _series(chats: range) -> str:
    return f"generate_series({chats.start}::bigint, {chats.stop - 1})"


def _converse(db: Connection, template: int, copies: str) -> None:
    """Copy what there is of a conversation: messages, windows, ledger, who was told, where the topic has got to."""
    _copy(db, "chat_messages", f"t.chat_id = {template}", copies)
    _copy(db, "client_requests", f"t.chat_id = {template}", copies)
    requests = f"select w.id from public.client_requests as w where w.chat_id = {template}"
    for name in ("request_events", "sla_alerts", "notices"):
        _copy(db, name, f"t.request_id in ({requests})", copies)
    told = f"select n.message_id from public.notices as n where n.request_id in ({requests})"
    _copy(db, "outbox", f"t.id in ({told})", copies)
    # One for each topic: the latest.
    _copy(db, "chat_topics", f"t.chat_id = {template}", f"{copies} order by later desc", "on conflict do nothing")


def _copy(db: Connection, name: str, template: str, copies: str, otherwise: str = "") -> None:
    copy(db, name, f"public.{name} as t, ({copies}) as copy where {template}", otherwise)
