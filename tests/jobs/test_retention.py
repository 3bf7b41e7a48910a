"""Retention runs by itself (I21)."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from infra.local.waiting import until
from jobs import retention
from jobs.connections import Connections
from jobs.worker import TIMETABLE
from tests.stack import Stack
from tests.world import ClientChat

TEXT = "Сказано шесть лет назад"


async def test_i21_what_is_too_old_is_erased_and_nobody_had_to_start_it(stack: Stack, chat: ClientChat) -> None:
    said_at = datetime.now(UTC) - timedelta(days=6 * 366)
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as firm:
        firm.execute(
            "insert into public.chat_messages"
            " (chat_id, message_id, update_id, is_staff, is_bot, kind, message_text, author_name, telegram_date)"
            " values (%s, 1, 1, false, false, 'text', %s, 'Анна Давняя', %s)",
            [chat.id, TEXT, said_at],
        )
        # The run at its start may have been before: this is what a later one begins with.
        firm.execute("update public.retention_progress set erased_until = '2013-09-01 00:00+00'")
        stack.kill("jobs")
        await asyncio.to_thread(stack.wait_healthy, "jobs")

        def is_erased() -> bool:
            found = firm.execute(
                "select message_text, author_name from public.chat_messages where chat_id = %s", [chat.id]
            ).fetchone()
            return found == ("", None)

        assert await asyncio.to_thread(until, is_erased, 30)
    metrics = (await asyncio.to_thread(httpx.get, f"{stack.urls['jobs']}/metrics")).text
    counted = re.search(r'buhbot_retention_erased_total\{rows="messages"\} (\d)', metrics)
    assert counted and int(counted[1]) >= 1
    assert '"old_messages_erased"' in stack.log("jobs") and TEXT not in stack.log("jobs")


def test_it_is_in_the_timetable_every_hour_and_at_start() -> None:
    (job,) = (job for job in TIMETABLE if job.coroutine is retention.apply)
    assert job.run_at_startup and (job.hour, job.minute) == (None, 23)
    assert (job.timeout_s or 0) > retention.SECONDS


async def test_a_database_that_is_away_delays_it(connections: Connections, capsys: pytest.CaptureFixture[str]) -> None:
    await retention.apply({"connections": connections})
    assert "retention_delayed" in capsys.readouterr().out
