"""The jobs process: connect, keep ticking, follow the timetable, say how we are."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import structlog
from arq.worker import Worker
from litestar import Litestar
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.messages.buttons import Buttons
from infra import errors, redis, reports, serving, supabase, telegram, telemetry
from infra.caching import announcing
from infra.outgoing import Outgoing
from infra.settings import load
from jobs import sla_escalation, worker
from jobs.connections import Connections
from jobs.installation import Installation
from jobs.model import Endpoint, Model
from jobs.settings import JobsSettings
from jobs.ticking import ticking

# Six sweeps missed.
SWEEP_IS_LATE_AFTER = 30

log = structlog.get_logger()


async def follow_timetable(redis_url: str, connections: Connections) -> None:
    """Work until cancelled. arq's worker ends with its connection, so a lost Redis costs a worker, not the process."""
    while True:
        current = worker.build(redis_url, connections)
        try:
            await current.async_run()
        except (RedisError, OSError) as error:
            log.warning("queue_lost", reason=type(error).__name__)
        except Exception as error:
            log.error("worker_failed", exc_info=error)
        finally:
            await finish(current)
        await asyncio.sleep(1)


async def finish(current: Worker) -> None:
    """Let jobs under way end before the connection goes: a job that is cut off is done twice."""
    current.allow_pick_jobs = False
    if current.tasks:
        await asyncio.wait(current.tasks.values(), timeout=worker.COMPLETION_SECONDS)
    with suppress(RedisError, OSError):
        await current.close()


async def sweeping() -> None:
    """Raise when no sweep has ended well for too long."""
    finished_at = REGISTRY.get_sample_value(sla_escalation.FINISHED_AT) or 0.0
    if time.time() - finished_at > SWEEP_IS_LATE_AFTER:
        raise TimeoutError


async def seen(parts: Mapping[str, telemetry.Check], model: Model | None, installation: Installation) -> dict[str, Any]:
    """Return what the jobs see: how their parts and what they stand on are, and whether the model is left alone."""
    checks = {name: await telemetry.outcome(check) for name, check in parts.items()}
    facts = {"checks": checks, **await installation.look()}
    if model is None:
        return {**facts, "breaker": "off"}
    room = await model.breaker.room(2)
    return {**facts, "breaker": ("open", "probing", "closed")[room]}


@asynccontextmanager
async def asking(endpoint: Endpoint | None, queue: Redis, cache_url: str) -> AsyncGenerator[Model | None]:
    """Yield the way to the model; none where the operator has not chosen one."""
    if endpoint is None:
        yield None
        return
    async with supabase.open_http() as http:
        cache = redis.connect(cache_url)
        try:
            yield Model(http, endpoint, queue, cache)
        finally:
            await cache.aclose()


@asynccontextmanager
async def working(settings: JobsSettings) -> AsyncGenerator[Litestar]:
    """Yield the app of health and metrics while the jobs are done."""
    token, redis_url = settings.telegram_bot_token.get_secret_value(), str(settings.redis_url)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(supabase.open_http())
        queue = redis.connect(redis_url)
        stack.push_async_callback(queue.aclose)
        await stack.enter_async_context(errors.telling(queue))
        hints = await stack.enter_async_context(redis.Hints(queue))
        key = settings.supabase_service_role_key.get_secret_value()
        database = supabase.Database(http, str(settings.supabase_url), key, on_call=announcing(hints))
        outgoing = await stack.enter_async_context(Outgoing(database))
        bot = telegram.connect(token, str(settings.telegram_api_url), outgoing)
        stack.push_async_callback(bot.session.close)
        model = await stack.enter_async_context(asking(settings.endpoint, queue, str(settings.redis_cache_url)))
        connections = Connections(database, bot, Buttons(token), hints, settings.firm_defaults, model)
        timetable = asyncio.create_task(follow_timetable(redis_url, connections))
        stack.push_async_callback(redis.end, timetable, worker.COMPLETION_SECONDS + 1)
        await stack.enter_async_context(ticking(worker.TICKS, connections, worker.COMPLETION_SECONDS))
        needed: dict[str, telemetry.Check] = {"supabase": database.ping, "sweep": sweeping}
        # Deadlines and delivery go on without Redis; the calendar's horizon lies months ahead.
        wanted: dict[str, telemetry.Check] = {"redis": queue.ping}
        look = partial(seen, {**needed, **wanted}, model, Installation(settings.public_urls))
        await stack.enter_async_context(reports.reporting("jobs", database, look))
        yield Litestar(telemetry.handlers("jobs", needed, wanted), openapi_config=None, logging_config=None)


async def main() -> None:
    """Run until SIGTERM."""
    settings = load(JobsSettings)
    telemetry.configure_logging("jobs", settings.log_level)
    reports.tell_settings(settings)
    async with working(settings) as app:
        log.info("jobs_started", port=settings.jobs_metrics_port)
        await serving.serve(app, settings.host, settings.jobs_metrics_port)
    log.info("jobs_stopped")


if __name__ == "__main__":
    serving.run(main())
