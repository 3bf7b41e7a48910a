"""`make bench`: every figure beside its floor in the same run. Exit code 1 when a target is missed."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import clock, firm, intake, live, memory, pages, plans, round_trips, seed, start, steady, sweep, weight
from tests.bench.progress import Progress
from tests.bench.results import Measure, table, verdict, write
from tests.bench.rig import (
    OFFSET,
    floor_page_process,
    floor_process,
    own_stack,
    proxied,
    quiet,
    superuser,
)
from tests.stack import ROOT, Stack

HERE = Path(__file__).parent
# Stacks of their own for the pages; the large firm is kept from run to run, because it takes ten minutes to make.
SMALL, LARGE = OFFSET + 100, OFFSET + 200
KEPT_DAYS = 3

# As many rows as PostgREST gives at once.
READABLE = seed.Scale(crowded_chats=10, topics=100, busy_chats=0, history=0, late=0, due=0)
SCALE = seed.Scale()


def measured(stack: Stack, progress: Progress, steady_seconds: int) -> Iterator[Measure]:
    """Yield one measure after another."""
    with superuser(stack) as db, floor_process(stack) as floor_url, proxied(stack) as webhooks:
        rest = memory.at_rest(stack)
        yield from start.measures(stack, webhooks, progress)
        yield from live.measures(stack, progress)
        seed.build(db, READABLE, first_chat=seed.FIRST_CHAT // 2)
        pages.read(stack, progress)
        progress.say("a million waiting windows are made")
        waiting = seed.build(db, SCALE)
        db.execute((HERE / "floor.sql").read_bytes())
        progress.say("and analysed")
        db.execute("vacuum analyze")
        yield clock.deadlines(db)
        yield clock.flatness(db)
        yield sweep.idle(db)
        yield sweep.measurement(db)
        bot, floor = intake.doors(stack, waiting, floor_url)
        yield intake.measure(db, bot, floor, progress)
        yield from steady.measures(stack, db, bot.traffic, webhooks[0], steady_seconds, progress)
        cost = round_trips.count(stack, db, bot.traffic, intake.MESSAGES)
        progress.say(f"of Redis were asked {dict(cost.commands)}, of the database {dict(cost.calls)}")
        yield from round_trips.measures(cost)
        # The morning's digest tells of everybody who waits, and here that is nearly every row.
        asked = plans.questions(bot.traffic, waiting.due_at[0])
        scans = plans.sequential_scans(db, asked, but="public.schedule_openings")
        for scan in scans:
            progress.say(scan)
        yield plans.measure(scans)
        yield sweep.due(db, waiting, SCALE, progress)
        memory.load_jobs(db, waiting)
        yield from memory.measures(stack, rest)


def pages_measured(messages: int, progress: Progress) -> Iterator[Measure]:
    """Yield the measures of the admin's pages, on a tenth of the messages and on all."""
    with own_stack(SMALL) as stack:
        small = _figures(stack, messages // 10, progress)
    if _is_stale(LARGE):
        Stack(LARGE).wipe()
    with own_stack(LARGE, keeps=True) as stack:
        large = _figures(stack, messages, progress)
        yield from (figure.measure() for figure in large)
        yield pages.growth(small, large)
        yield from weight.measures(stack)


def _figures(stack: Stack, messages: int, progress: Progress) -> list[pages.Figure]:
    with superuser(stack) as db, stack.paused("jobs"):
        firm.grow(db, messages, progress)
        db.execute("vacuum analyze")
    # Nobody's alerts meanwhile: their readers are made up.
    with floor_page_process(stack) as floor_url, stack.paused("jobs"):
        return [*pages.figures(stack, floor_url, progress)]


def _is_stale(offset: int) -> bool:
    """Assert that what waits now in the firm that is kept has waited for days, or that its tables are not today's."""
    kept = Stack(offset).home / "said"
    if not kept.exists():
        return False
    written = max(path.stat().st_mtime for path in (ROOT / "supabase/migrations").iterdir())
    return kept.stat().st_mtime < max(written, time.time() - KEPT_DAYS * 24 * 3600)


def main() -> None:
    """Measure, print, write."""
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--steady-seconds", type=int, default=300, help="how long the steady traffic lasts")
    asked.add_argument("--page-messages", type=int, default=firm.MESSAGES, help="how large the firm of the pages is")
    asked.add_argument("--only", choices=("engine", "pages"), help="one half; the figures of the other are not written")
    given, progress = asked.parse_args(), Progress()
    measures: list[Measure] = []
    with quiet():
        progress.say("a stack of the bench's own starts")
        if given.only != "pages":
            with own_stack() as stack:
                measures += _told(measured(stack, progress, given.steady_seconds), progress)
        if given.only != "engine":
            measures += _told(pages_measured(given.page_messages, progress), progress)
    write(measures, ROOT / ".local/bench.json")
    progress.end([*table(measures), verdict(measures)])
    sys.exit(not all(measure.met for measure in measures))


def _told(measures: Iterator[Measure], progress: Progress) -> Iterator[Measure]:
    for measure in measures:
        progress.say(f"{measure.name}: {measure.figure}")
        yield measure


main()
