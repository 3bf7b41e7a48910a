"""The database as if it held nothing but the demo firm: what other tests committed is out of sight, and comes back."""

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import ANNA, Connection, ingest, monday, one, said
from tests.sql.rows import add_rows, remove_rows
from tests.sql.schedules import DEFAULT_INSTANT, pause_triggers, rebuild, shorten_horizon
from tests.sql.served import Api
from tests.stack import Stack

# Whoever works by the clock: what they commit would be seen in the middle of a test.
AT_WORK = ("jobs", "bot")
_STILL = pytest.StashKey[Stack]()

_FORGET = """
  delete from public.outbox_sends;
  delete from public.schedule_openings;
  delete from public.client_requests;
  delete from public.outbox;
  delete from public.classification_corrections;
  delete from public.message_reactions;
  delete from public.message_sources;
  delete from public.business_events;
  delete from public.chat_topics;
  delete from public.chat_messages;
  delete from public.feedback_cases;
  delete from public.survey_deliveries;
  delete from public.feedback_responses;
  delete from public.feedback_surveys;
  delete from public.broadcasts;
  delete from public.chat_segments;
  delete from public.chat_invitations;
  delete from public.chat_members;
  delete from public.accountant_calls;
  delete from public.templates;
  delete from public.faq_items;
  delete from public.intake_rejects;
  delete from public.intake_coverage;
  delete from public.error_log;
  delete from public.error_groups;
  delete from public.process_reports;
  delete from public.tasks;
  delete from public.chats where chat_id not between -1001000000003 and -1001000000001;
  delete from public.clients where id::text not like '00000000-0000-4000-8000-%';
  delete from public.tasks;
  delete from public.absences;
  delete from public.manager_accountants;
  delete from public.users where id::text not like '00000000-0000-4000-8000-%';
  delete from public.working_schedules
  where not around_the_clock and id <> (select default_schedule_id from public.settings);
"""


def reach_monday(db: Connection) -> None:
    """Working time is written down from 400 days ago on: when the weeks of the tests lie before, then from there on."""
    begins = monday("00:00") - timedelta(days=40)
    as_of = begins + timedelta(days=400)
    default = "select s.id from public.settings as f join public.working_schedules as s on s.id = f.default_schedule_id"
    if stale := one(db, f"{default} where not s.materialised @> %s", begins):
        written = one(db, "select pg_get_functiondef('private.rebuild_working_periods'::regproc)")
        db.execute(re.sub(DEFAULT_INSTANT, f"'{as_of}'::timestamptz", written, count=1))
        rebuild(db, stale, as_of)


@pytest.fixture(scope="session")
def stack(stack: Stack, pytestconfig: pytest.Config) -> Stack:
    """The running stack, with nobody at work in it until the tests of another folder come."""
    for part in AT_WORK:
        stack.stop_part(part)
    pytestconfig.stash[_STILL] = stack
    return stack


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let them go on before a test that may want them."""
    if nextitem and Path(__file__).parent not in nextitem.path.parents and _STILL in item.config.stash:
        stack = item.config.stash[_STILL]
        del item.config.stash[_STILL]
        for part in AT_WORK:
            stack.start_part(part)
        for part in AT_WORK:
            stack.wait_healthy(part, 60)


@pytest.fixture(scope="session")
def line(stack: Stack) -> Iterator[Connection]:
    """One connection for all tests: what a new one compiles of the functions costs more than most tests ask of it."""
    # None is prepared by itself: it would outlive the columns that a test adds and takes back.
    with psycopg.connect(stack.env["DATABASE_URL"], prepare_threshold=sys.maxsize) as db:
        yield db


@pytest.fixture
def db(line: Connection) -> Iterator[Connection]:
    line.execute(_FORGET.encode())
    reach_monday(line)
    yield line
    line.rollback()


@pytest.fixture
def weeks(db: Connection) -> Connection:
    """Working time is written down for the weeks around the tests' Monday, and no further."""
    shorten_horizon(db, monday("12:30"))
    return db


@pytest.fixture
def still(weeks: Connection) -> Connection:
    """And only when a test says so, and around which instant."""
    pause_triggers(weeks)
    return weeks


@pytest.fixture
def late(db: Connection) -> Connection:
    """Anna wrote at 10:00 and is due at 11:00."""
    ingest(db, said(ANNA, monday("10:00")))
    return db


@pytest.fixture
def seen(db: Connection) -> int:
    """The last entry of the audit log before the test's own."""
    last: int = one(db, "select coalesce(max(id), 0) from public.audit_log")
    return last


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[Api]:
    found = Api(stack)
    yield found
    found.close()


@pytest.fixture(scope="module")
def real(stack: Stack) -> Iterator[Connection]:
    """The firm with rows in every table, for all to see."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        with db.transaction():
            remove_rows(db)
            add_rows(db)
        yield db
        with db.transaction():
            remove_rows(db)


@pytest.fixture
def office(db: Connection) -> UUID:
    """The firm's default schedule, with its periods around the week of the tests."""
    found: UUID = one(db, "select default_schedule_id from public.settings")
    rebuild(db, found, monday("12:30"))
    return found
