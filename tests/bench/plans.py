"""The plans of what runs all day, as Postgres made them: no sequential scan of a table that grows."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.errors import Diagnostic

from bot.intake import record_of
from tests.bench.results import Measure, Target
from tests.bench.rig import Connection
from tests.bench.traffic import Traffic
from tests.sql.firm import user_id
from tests.world import ACCOUNTANT, MANAGER

GROWING = re.compile(
    r"(chat_messages|chat_topics|client_requests|request_events|message_reactions|sla_alerts|outbox|notices|audit_log)(_\w+)?$"
)
# Rows from which on reading the whole is a mistake; of a month that is nearly empty it is none.
GROWN = 1000
# A connection of PostgREST lives long: after five calls a function may go on with one plan for all arguments.
MODES = ("force_custom_plan", "force_generic_plan")
# Not of those who wait: here that is nearly every row, and their list counts them all.
LIST = "select api.find_requests('closed')"

Plan = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A statement, asked as the service, or as a person of the demo firm."""

    name: str
    statement: str
    values: Sequence[Any] = ()
    person: int | None = None


def questions(traffic: Traffic, due_at: float) -> list[Question]:
    """Return what the processes ask all day. The traffic goes to chats with a history."""
    batch = json.dumps([record_of(update) for update in traffic.take(100)])
    sweep, claim = "select api.claim_due(to_timestamp(%s), 100)", "select api.claim_outbox(to_timestamp(%s))"
    return [
        Question("ingest", "select api.ingest(%s::text)", [batch]),
        Question("claim_due, nothing due", "select api.claim_due(now(), 100)"),
        Question("claim_due", sweep, [due_at + 60]),
        Question("claim_outbox", claim, [due_at + 120]),
        Question("closed requests, manager", LIST, person=MANAGER),
        Question("closed requests, accountant", LIST, person=ACCOUNTANT),
    ]


def sequential_scans(db: Connection, asked: Sequence[Question], but: str = "nothing") -> list[str]:
    """Return one line for each scan that should not be; nothing of what is asked stays. As superuser.

    Statements that contain `but` may read the whole, because they need it.
    """
    db.execute("load 'auto_explain'")
    # Nested: what functions and triggers ask, each statement on its own.
    for setting, value in (("min_duration", "0"), ("nested_statements", "on"), ("format", "json"), ("level", "notice")):
        db.execute(f"set auto_explain.log_{setting} = '{value}'".encode())
    grown, found = _grown(db), set[str]()
    for question in asked:
        for mode in MODES:
            with _watched(db) as plans, db.transaction(force_rollback=True):
                _become(db, question.person)
                db.execute(f"set local plan_cache_mode = {mode}".encode())
                db.execute(question.statement.encode(), question.values)
            assert plans, f"no plan was seen of {question.name}"
            found |= {
                f"{question.name} reads all of {table} for: {_opening(plan['Query Text'])}"
                for plan in plans
                if but not in plan["Query Text"]
                for table in _read_whole(plan["Plan"])
                if table in grown
            }
    db.execute("set auto_explain.log_min_duration = -1")
    return sorted(found)


def measure(scans: Sequence[str]) -> Measure:
    return Measure("sequential scans of growing tables", len(scans), "", Target("value", "<=", 0))


def _become(db: Connection, person: int | None) -> None:
    if person is None:
        db.execute("set local role service_role")
        return
    claims = {"sub": str(user_id(person)), "role": "authenticated"}
    db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims)])
    db.execute("set local role authenticated")


@contextmanager
def _watched(db: Connection) -> Iterator[list[Plan]]:
    plans: list[Plan] = []

    def note(said: Diagnostic) -> None:
        _, is_plan, plan = (said.message_primary or "").partition("plan:\n")
        if is_plan:
            plans.append(json.loads(plan))

    db.add_notice_handler(note)
    try:
        yield plans
    finally:
        db.remove_notice_handler(note)


def _opening(query: str) -> str:
    """Return how a statement begins, after its comment."""
    return " ".join(re.sub(r"/\*.*?\*/", "", query, flags=re.DOTALL).split())[:80]


def _read_whole(plan: Plan) -> Iterator[str]:
    """Yield the tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan" and GROWING.match(plan["Relation Name"]):
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _read_whole(part)


def _grown(db: Connection) -> set[str]:
    rows = db.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and reltuples > %s",
        [GROWN],
    )
    return {name for (name,) in rows}
