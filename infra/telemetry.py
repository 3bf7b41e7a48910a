"""What a process tells its operators: JSON-line logs, `/health`, `/metrics`; and the world: `/api/health`."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from structlog.typing import EventDict, Processor

from infra import masking
from infra.errors import errors

Check = Callable[[], Awaitable[Any]]

logged = Counter("buhbot_errors_total", "Lines of the log that are errors, or worse.")

_TOP = ("timestamp", "level", "component", "message", "request_id")


def _traced(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Tell an exception by its places and kinds; libraries and Python itself would print its values."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = masking.trace(error)
    event.pop("stack_info", None)
    return event


def _shape(component: str) -> Processor:
    def shape(_logger: Any, _method: str, event: EventDict) -> EventDict:
        """Operations' fixed fields on top, everything else under `metadata`, nothing private anywhere."""
        event.pop("_record", None)
        message, trace = str(event.pop("event")), event.pop("exception", None)
        # Our own events are constants; a library's sentence may quote what it was given.
        own = event.pop("_from_structlog", False)
        event.update(component=component, message=message if own else masking.sentence(message))
        fields = {key: event.pop(key) for key in _TOP if key in event}
        found = {key: masking.field(value) for key, value in event.items()}
        return {**fields, "metadata": found | ({"exception": masking.masked(trace)} if trace else {})}

    return shape


def _counted(component: str) -> Processor:
    def count(_logger: Any, _method: str, event: EventDict) -> EventDict:
        """Count what the log calls an error by its kind; a library's by its name: its sentence may quote anything."""
        if event.get("level") in {"error", "critical"}:
            record = event.get("_record")
            name = str(event["event"]) if event.get("_from_structlog") or record is None else record.name
            logged.inc()
            errors.note(component, name, masking.masked(event.get("exception", "")), event)
        return event

    return count


def _tell_surprises() -> None:
    """Let what nobody caught end in the log, where it is masked, instead of on standard error."""
    log = structlog.get_logger()

    def uncaught(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("process_failed", exc_info=(kind, error, place))

    def uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
        log.critical("thread_failed", exc_info=given.exc_value)

    def unraisable(given: "sys.UnraisableHookArgs") -> None:
        log.error("clean_up_failed", exc_info=given.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, uncaught_in_thread, unraisable
    logging.captureWarnings(capture=True)
    # A line that cannot be written would be printed with its arguments instead.
    logging.raiseExceptions = False


def configure_logging(component: str, level: str) -> None:
    """Send our logs and the libraries' to standard output, one JSON object a line."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    last: list[Processor] = [
        _traced,
        _counted(component),
        _shape(component),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=first, processors=last))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("httpx", "aiogram.event", "arq.worker", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _tell_surprises()


async def outcome(check: Check) -> str:
    """Return «ok», or the kind of what is wrong with a part; waits two seconds at most."""
    try:
        async with asyncio.timeout(2):
            await check()
    except Exception as error:  # noqa: BLE001 (whatever is wrong with the part, the answer names it)
        return type(error).__name__
    return "ok"


class Checkup:
    """How the parts are, asked once a second at most: whoever asks more often, from wherever, costs them nothing."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._lock = asyncio.Lock()
        self._found: dict[str, str] = {}
        self._good_until = 0.0

    async def found(self) -> dict[str, str]:
        """Return the outcome of each check by its name."""
        async with self._lock:
            if time.monotonic() >= self._good_until:
                outcomes = await asyncio.gather(*map(outcome, self._checks.values()))
                self._found = dict(zip(self._checks, outcomes, strict=True))
                self._good_until = time.monotonic() + 1
            return self._found


def well() -> Response[dict[str, Any]]:
    """Return what a stranger may know of a part that does its job."""
    return Response({"status": "ok"})


def unwell(parts: Sequence[str]) -> Response[dict[str, Any]]:
    """Return what a stranger may know of one that does not: which parts are missing, not why."""
    told = [{"part": part} for part in parts]
    return Response({"status": "error", "message": "not well", "errors": told}, status_code=503)


def handlers(
    component: str, needed: Mapping[str, Check], wanted: Mapping[str, Check] | None = None
) -> list[HTTPRouteHandler]:
    """Return the routes `/health`, `/api/health` and `/metrics`.

    Health is 200 while every `needed` check passes; `wanted` ones are named, but the process works without them.
    A check raises when its part is not well. `/health` tells operators why; `/api/health` is for anybody.
    """
    checkup = Checkup({**needed, **(wanted or {})})

    @get("/health", opt={"telemetry": True})
    async def health() -> Response[dict[str, Any]]:
        found = await checkup.found()
        is_well = all(found[name] == "ok" for name in needed)
        body = {"status": "ok" if is_well else "unwell", "component": component, "checks": found}
        return Response(body, status_code=200 if is_well else 503)

    @get("/api/health", opt={"telemetry": True})
    async def public_health() -> Response[dict[str, Any]]:
        found = await checkup.found()
        missing = [name for name in needed if found[name] != "ok"]
        return unwell(missing) if missing else well()

    @get("/metrics", opt={"telemetry": True}, sync_to_thread=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [health, public_health, metrics]
