"""`make bench-data`: a large firm with two years behind it, in minutes.

    python -m tests.bench.firm postgresql://supabase_admin@127.0.0.1:29999/some_database --messages 100000

Two weeks of sixty-four chats go through the product itself: intake, sweep, answers in time and late, what needs none,
what waits still. Then whole weeks are copied, chat by chat and week by week: every row is one that the product wrote.
Run again with more messages, it adds what is missing. As superuser: foreign keys and triggers rest while copies are
written (session_replication_role), because what they check holds for a copy too.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import psycopg

from infra.local import settings
from tests.bench.copies import copy
from tests.bench.progress import Progress
from tests.bench.rig import Connection, as_superuser, one
from tests.bench.week import WEEK, Happening, Week
from tests.sql.firm import OLGA, user_id
from tests.world import ACCOUNTANT

MESSAGES = 10_000_000
CHATS, PLAYED = 1000, 64
FIRST_CHAT = -1_097_000_000_000
PACES = (6, 10, 16, 24, 36, 55, 80, 120)
"""Median minutes of work before an answer, by the eighth of the played chats."""
VOIDED = 5
PROMPTNESS_BY_TIER = (1.6, 1.0, 0.6, 0.35)
# Message ids of a chat grow with time: so many a week, and the earliest week that is ever copied still above zero.
A_WEEK, LATEST = 1000, 300_000
STEP = timedelta(minutes=20)
LONGEST_WEEKS = 110

HERE = Path(__file__).parent
OWNER = f"'{user_id(OLGA)}'::uuid"
# Who of the firm was concerned in a played chat is here whoever owns the copy.
PEOPLE = (
    *("user_id", "responded_by", "assigned_accountant_id", "on_duty_id", "acknowledged_by", "closed_by"),
    *("actor_id", "resolved_by"),
)
INSTEAD = {
    **{column: f"case t.{column} when {OWNER} then copy.owner else t.{column} end" for column in PEOPLE},
    "client_id": "copy.client_id",
    "subject_id": "copy.id",
    "telegram_user_id": f"case t.telegram_user_id when {ACCOUNTANT} then copy.telegram_id else t.telegram_user_id end",
    "recipient_chat_id": f"case t.recipient_chat_id when {ACCOUNTANT} then copy.telegram_id"
    " else t.recipient_chat_id end",
}

# A chat's week now is that of a played one of its tier; which of the earlier ones it had each week before is chance,
# and better luck for prompter people and in later times. `nth` is the order in which more messages are made.
COPIES = """
create temp table bench_copies as
with weeks as (
  select
    c.*, w, u.full_name, u.telegram_id,
    (hashtextextended(c.n || ' ' || w, 0) & 2147483647) / 2147483648.0 as chance,
    0.4 + 0.5 * (hashtextextended(c.owner::text, 1) & 3) + case when w < 40 then 0.3 else 0 end as promptness
  from bench_chats as c
  join public.users as u on u.id = c.owner
  cross join generate_series(0, {weeks}) as w
  where c.n >= {played}
    -- In those the bot is not any more.
    and (w > 0 or c.n % 100 not in (85, 95))
)
select
  k.n * 1000::bigint + k.w as n, k.id, k.chat_id, 0 as topic_id, k.owner, k.full_name, k.telegram_id, k.client_id,
  -{a_week}::bigint * greatest(k.w - 1, 0) as messages,
  interval '-7 days' * greatest(k.w - 1, 0) as later,
  {first} - (case when k.w = 0 then 1 else 0 end + 2 * k.tier + 8 * floor(8 * power(k.chance, k.promptness))::integer)
    as template,
  row_number() over (order by k.w > 0, hashtextextended(k.w || ' ' || k.n, 2)) as nth
from weeks as k
"""


def grow(db: Connection, messages: int, progress: Progress, ends: datetime | None = None) -> None:
    """Make the firm, or add to it, until it has about so many messages; everything or nothing.

    What goes through the product ends at an instant, now unless given: who still waits then depends on its hour.
    """
    with db.transaction():
        if one(db, "select true from public.chats where chat_id = %s", FIRST_CHAT):
            _list(db)
        else:
            _found(db)
            _play(db, progress, ends or datetime.now(UTC))
        _copy_weeks(db, messages, progress)
        db.execute("drop table if exists bench_people, bench_chats, bench_copies, bench_windows")


def _found(db: Connection) -> None:
    for part in _statements("firm.sql"):
        db.execute(part)


def _list(db: Connection) -> None:
    """Only the list of chats: the firm is there."""
    db.execute(next(part for part in _statements("firm.sql") if b"temp table bench_chats" in part))


def _statements(name: str) -> list[bytes]:
    text = (HERE / name).read_text().replace(":played", str(PLAYED)).replace(":chats", str(CHATS))
    return [part.encode() for part in text.split(";\n")]


def _play(db: Connection, progress: Progress, ends: datetime) -> None:
    """Let two weeks go through the product: half of the chats have the earlier, half the one till now."""
    names: dict[int, str] = dict(db.execute("select chat_id, chat_name from public.chats").fetchall())
    ends = ends.replace(second=0, microsecond=0)
    happenings = sorted((one for n in range(PLAYED) for one in _week(n, ends).happenings()), key=lambda one: one.at)
    progress.say(f"{len(happenings)} messages of two weeks go through the product")
    by_step = {step: [*some] for step, some in groupby(happenings, key=lambda one: (one.at - ends) // STEP)}
    for step in range(-2 * WEEK // STEP, 0):
        while one(db, "select api.claim_due(%s)", ends + step * STEP):
            pass
        _happen(db, by_step.get(step, []), names)
    _measure_anew(db)
    # Nobody is written to: who would read it is made up too.
    db.execute(
        "update public.outbox as o set status = 'sent', sent_revision = revision, attempts = 1, sent_at = o.created_at,"
        " rang_at = o.created_at, finished_at = o.created_at, remind_at = null, telegram_message_id = position"
        " from public.notices as n join public.client_requests as w on w.id = n.request_id"
        " where n.message_id = o.id and w.chat_id between %s and %s",
        [FIRST_CHAT - PLAYED + 1, FIRST_CHAT],
    )


def _week(n: int, ends: datetime) -> Week:
    is_latest = n % 2 == 1
    pace = PACES[n // 8] * PROMPTNESS_BY_TIER[n // 2 % 4]
    began = ends - WEEK if is_latest else ends - 2 * WEEK
    return Week(FIRST_CHAT - n, began, pace, LATEST + A_WEEK * is_latest, forgets=is_latest)


def _happen(db: Connection, happenings: list[Happening], names: dict[int, str]) -> None:
    named = [{**one.record, "chat_name": names[one.chat]} for one in happenings if one.record]
    for first in range(0, len(named), 100):
        answers = one(db, "select api.ingest(%s::text)", json.dumps(named[first : first + 100]))
        assert {answer["outcome"] for answer in answers} == {"recorded"}, answers
    for needless in happenings:
        if needless.record:
            continue
        db.execute(
            "select private.excuse(array_agg(w.id), %s, %s) from public.client_requests as w"
            " where w.chat_id = %s and w.closed_as is null having count(*) > 0",
            [user_id(OLGA), needless.at, needless.chat],
        )


def _measure_anew(db: Connection) -> None:
    """In some of the chats measuring stopped for a moment: what waited there is voided."""
    some = [FIRST_CHAT - n for n in range(PLAYED) if n // 8 == VOIDED]
    for is_measured in (False, True):
        db.execute("update public.chats set monitoring_enabled = %s where chat_id = any (%s)", [is_measured, some])


def _copy_weeks(db: Connection, messages: int, progress: Progress) -> None:
    db.execute(COPIES.format(weeks=LONGEST_WEEKS, played=PLAYED, a_week=A_WEEK, first=FIRST_CHAT).encode())
    earliest = datetime.now(UTC) - WEEK * (LONGEST_WEEKS + 2)
    # Their owner is who owns the table.
    db.execute("set local role postgres")
    for table in ("chat_messages", "audit_log"):
        db.execute(
            "select private.create_partitions(%s::regclass, %s::date, now()::date)", [f"public.{table}", earliest]
        )
    db.execute("reset role")
    wanted = _drop_all_but_missing(db, messages)
    progress.say(f"{wanted} weeks of one chat each are copied")
    db.execute("set local session_replication_role = replica")
    for table, source in _sources().items():
        began = time.monotonic()
        author = {"author_name": "case when t.is_staff then copy.full_name else t.author_name end"}
        copy(db, table, source, instead={**INSTEAD, **(author if table == "chat_messages" else {})})
        progress.say(f"{table}: {time.monotonic() - began:.0f} s")
    db.execute("set local session_replication_role = origin")


def _drop_all_but_missing(db: Connection, messages: int) -> int:
    """Leave in the list what is to be copied now, and return how many that are."""
    played = "from public.chat_messages as m where m.chat_id between %s and %s"
    of_the_played = one(db, f"select count(*) {played}", FIRST_CHAT - PLAYED + 1, FIRST_CHAT)
    a_week = of_the_played / PLAYED
    db.execute("delete from bench_copies where nth > %s", [max((messages - of_the_played) // a_week, CHATS - PLAYED)])
    db.execute(
        "delete from bench_copies as copy where exists (select from public.client_requests as t"
        " join public.client_requests as made on made.id = md5(t.id::text || copy.n)::uuid"
        " where t.chat_id = copy.template)"
    )
    db.execute(
        "create temp table bench_windows as select w.id, w.chat_id from public.client_requests as w"
        " where w.chat_id between %s and %s",
        [FIRST_CHAT - PLAYED + 1, FIRST_CHAT],
    )
    db.execute(f"analyze bench_copies, bench_windows, {', '.join(f'public.{name}' for name in _sources())}".encode())
    return int(one(db, "select count(*) from bench_copies"))


def _sources() -> dict[str, str]:
    """Return where the rows of each table come from; what belongs to a window goes with it."""
    chat = "join bench_copies as copy on copy.template = "
    window = f"join bench_windows as w on w.id = t.request_id {chat}w.chat_id"
    noted = "public.notices as n join bench_windows as w on w.id = n.request_id"
    told = f"select distinct n.message_id, w.chat_id from {noted}"
    return {
        "chat_messages": f"public.chat_messages as t {chat}t.chat_id",
        "client_requests": f"public.client_requests as t {chat}t.chat_id",
        **{name: f"public.{name} as t {window}" for name in ("request_events", "sla_alerts", "notices")},
        "outbox": f"public.outbox as t join ({told}) as told on told.message_id = t.id {chat}told.chat_id",
        "message_reactions": f"public.message_reactions as t {chat}t.chat_id",
        "chat_topics": f"public.chat_topics as t {chat}t.chat_id where copy.n % 1000 = 0",
        "chat_members": f"public.chat_members as t {chat}t.chat_id where copy.n % 1000 = 0",
    }


def main() -> None:
    """Fill the database that is named, and say how it goes."""
    asked = argparse.ArgumentParser(prog="make bench-data", description="A large firm with two years behind it.")
    asked.add_argument("url", nargs="?", default=settings.read().variables.get("DATABASE_URL"))
    asked.add_argument("--messages", type=int, default=MESSAGES)
    given, progress = asked.parse_args(), Progress()
    if not given.url:
        asked.error("no DATABASE_URL: start `make up`, or name the database")
    with psycopg.connect(as_superuser(given.url), autocommit=True) as db:
        grow(db, given.messages, progress)
        progress.say("and analysed")
        db.execute("vacuum analyze")
        size = one(db, "select pg_size_pretty(pg_database_size(current_database()))")
        messages, windows = (
            one(db, f"select count(*) from public.{name}") for name in ("chat_messages", "client_requests")
        )
        progress.end([f"{messages} messages, {windows} windows, {size}"])


if __name__ == "__main__":
    main()
