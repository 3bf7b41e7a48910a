"""Jobs that this process runs by its own clock."""

import asyncio

import pytest

from infra.supabase import Unavailable
from jobs.connections import Connections
from jobs.ticking import Tick, ticking


class Work:
    """A job that is told how to behave; `runs` counts how often it began."""

    def __init__(self, *troubles: Exception) -> None:
        self.runs = 0
        self.under_way = self.peak = 0
        self.finished = 0
        self.may_finish = asyncio.Event()
        self._troubles = list(troubles)
        self._began = asyncio.Condition()

    async def __call__(self, _connections: Connections) -> None:
        self.runs += 1
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)
        async with self._began:
            self._began.notify_all()
        try:
            if self._troubles:
                raise self._troubles.pop(0)
            await self.may_finish.wait()
            self.finished += 1
        finally:
            self.under_way -= 1

    async def until_run(self, number: int) -> None:
        async with asyncio.timeout(10), self._began:
            await self._began.wait_for(lambda: self.runs >= number)


async def test_a_run_that_fails_is_followed_by_the_next(connections: Connections) -> None:
    work = Work(Unavailable("503"), RuntimeError("surprise"))
    work.may_finish.set()
    async with ticking([Tick("work", 0.01, work)], connections, 1):
        await work.until_run(4)
    assert work.finished == work.runs - 2


async def test_a_daily_job_that_found_no_database_does_not_wait_for_the_next_day(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As at a start: the processes are up before PostgREST has read its schema."""
    monkeypatch.setattr("jobs.ticking.AWAY_SECONDS", 0.01)
    work = Work(Unavailable("PGRST002"), Unavailable("PGRST002"))
    work.may_finish.set()
    async with ticking([Tick("work", 86400, work)], connections, 1):
        await work.until_run(3)
    assert (work.runs, work.finished) == (3, 1)


async def test_a_slow_run_is_never_overlapped(connections: Connections) -> None:
    slow, quick = Work(), Work()
    quick.may_finish.set()
    async with ticking([Tick("slow", 0.001, slow), Tick("quick", 0.001, quick)], connections, 5):
        await quick.until_run(20)
        assert slow.runs == 1
        slow.may_finish.set()
        await slow.until_run(3)
    assert slow.peak == 1


async def test_the_end_waits_for_what_is_under_way_and_begins_nothing_new(connections: Connections) -> None:
    work = Work()
    async with ticking([Tick("work", 0.001, work)], connections, 5):
        await work.until_run(1)
        asyncio.get_running_loop().call_later(0.05, work.may_finish.set)
    assert (work.runs, work.finished) == (1, 1)


async def test_the_end_does_not_wait_for_ever(connections: Connections) -> None:
    work = Work()
    async with ticking([Tick("work", 0.001, work)], connections, 0.05):
        await work.until_run(1)
    assert (work.runs, work.finished, work.under_way) == (1, 0, 0)
