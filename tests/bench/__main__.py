"""`make bench`: every figure beside its floor in the same run. Exit code 1 when a target is missed."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench import clock, intake, live, memory, pages, plans, round_trips, seed, start, steady, sweep
from tests.bench.progress import Progress
from tests.bench.results import Measure, table, verdict, write
from tests.bench.rig import floor_process, own_stack, proxied, superuser
from tests.stack import ROOT, Stack

HERE = Path(__file__).parent

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
        firm = seed.build(db, SCALE)
        db.execute((HERE / "floor.sql").read_bytes())
        progress.say("and analysed")
        db.execute("vacuum analyze")
        yield clock.deadlines(db)
        yield clock.flatness(db)
        yield sweep.idle(db)
        bot, floor = intake.doors(stack, firm, floor_url)
        yield intake.measure(db, bot, floor, progress)
        yield from steady.measures(stack, db, bot.traffic, webhooks[0], steady_seconds, progress)
        yield from round_trips.measures(round_trips.count(stack, db, bot.traffic, intake.MESSAGES))
        # The morning's digest tells of everybody who waits, and here that is nearly every row.
        asked = plans.questions(bot.traffic, firm.due_at[0])
        scans = plans.sequential_scans(db, asked, but="public.schedule_openings")
        for scan in scans:
            progress.say(scan)
        yield plans.measure(scans)
        yield sweep.due(db, firm, SCALE, progress)
        memory.load_jobs(db, firm)
        yield from memory.measures(stack, rest)


def main() -> None:
    """Measure, print, write."""
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--steady-seconds", type=int, default=300, help="how long the steady traffic lasts")
    steady_seconds = asked.parse_args().steady_seconds
    progress = Progress()
    progress.say("a stack of the bench's own starts")
    measures: list[Measure] = []
    with own_stack() as stack:
        for measure in measured(stack, progress, steady_seconds):
            progress.say(f"{measure.name}: {measure.figure}")
            measures.append(measure)
    write(measures, ROOT / ".local/bench.json")
    progress.end([*table(measures), verdict(measures)])
    sys.exit(not all(measure.met for measure in measures))


main()
