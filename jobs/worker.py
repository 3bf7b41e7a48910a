"""The timetable: which job runs when. arq wakes them, the database knows what is due."""

from arq import cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Worker

from jobs import horizon, outbox, sla_escalation
from jobs.connections import Connections

# How long SIGTERM waits for jobs under way.
COMPLETION_SECONDS = 8

EVERY_SECOND = set(range(60))
EVERY_FIVE_SECONDS = set(range(0, 60, 5))

TIMETABLE: list[CronJob] = [
    cron(sla_escalation.sweep, second=EVERY_FIVE_SECONDS, timeout=30, run_at_startup=True),
    cron(outbox.deliver, second=EVERY_SECOND, timeout=30),
    cron(horizon.extend, hour=3, minute=17, timeout=30, run_at_startup=True),
]


def build(redis_url: str, connections: Connections) -> Worker:
    """Return a worker for one connection; a killed one's job is run again after the largest timeout and ten seconds."""
    return Worker(
        functions=[],
        cron_jobs=TIMETABLE,
        redis_settings=RedisSettings.from_dsn(redis_url),
        ctx={"connections": connections},
        handle_signals=False,
        poll_delay=0.05,
        job_timeout=30,
        keep_result=0,
        health_check_interval=60,
    )
