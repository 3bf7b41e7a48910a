"""The timetable: which job runs when. The database knows what is due; something has to ask it.

Deadlines and delivery are asked for by the process itself and go on while Redis is away; arq wakes what can wait.
"""

from arq import cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Worker

from jobs import (
    audit,
    classification,
    errors,
    faq_answer,
    feedback,
    firm_defaults,
    horizon,
    installation,
    measurement,
    outbox,
    retention,
    security_events,
    sessions,
    sign_ins,
    sla_escalation,
    task,
)
from jobs.connections import Connections
from jobs.ticking import Tick

# How long SIGTERM waits for jobs under way.
COMPLETION_SECONDS = 8

DAY = 24 * 3600

TICKS: list[Tick] = [
    Tick("sweep", 5, sla_escalation.sweep),
    # The database keeps Telegram's pace by the second. A hair more than half of one: every second tick finds it over.
    Tick("delivery", 0.51, outbox.deliver),
    Tick("audit", 5, audit.seal),
    Tick("faq_answer", 1, faq_answer.offer),
    Tick("feedback", 1, feedback.run),
    Tick("classification", 1, classification.ask),
    Tick("task", 1, task.carry_out),
    Tick("installation", 60, installation.tell),
    Tick("measurement", measurement.SECONDS, measurement.take),
    Tick("horizon", DAY, horizon.extend),
    Tick("firm_defaults", DAY, firm_defaults.adopt),
    Tick("audit_head", DAY, audit.tell_head),
]

TIMETABLE: list[CronJob] = [
    # Hourly, so that an old firm's first run need not be one long night; when nothing is old it is one short call.
    cron(retention.apply, minute=23, timeout=30, run_at_startup=True),
    cron(sessions.clear, minute={7, 22, 37, 52}, timeout=30),
    # Wait in the same Redis that wakes us. arq tells jobs apart by the name of their function, or by this.
    cron(sign_ins.note, name="cron:sign_ins", second=set(range(0, 60, 5)), timeout=30),
    cron(errors.note, name="cron:errors", second=set(range(1, 60, 5)), timeout=30),
    cron(security_events.note, name="cron:security_events", second=set(range(2, 60, 5)), timeout=30),
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
