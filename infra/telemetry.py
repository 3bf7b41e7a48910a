"""What a process tells its operators: JSON-line logs, `/health`, `/metrics`."""

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from structlog.typing import EventDict, Processor

Check = Callable[[], Awaitable[Any]]

# Bot tokens, JWTs and Supabase keys, should a library ever put one into a message.
_SECRETS = re.compile(r"(?<!\d)\d{5,}:[\w-]{20,}|\beyJ[\w-]+\.[\w-]+\.[\w-]+|\bsb_(?:secret|publishable)_\w+")
_TOP = ("timestamp", "level", "component", "message", "request_id")


def _shape(component: str) -> Processor:
    def shape(_logger: Any, _method: str, event: EventDict) -> EventDict:
        """Operations' fixed fields on top, everything else under `metadata`."""
        event.pop("_record", None)
        event.pop("_from_structlog", None)
        event.update(component=component, message=_SECRETS.sub("[secret]", str(event.pop("event"))))
        fields = {key: event.pop(key) for key in _TOP if key in event}
        hidden = {
            key: _SECRETS.sub("[secret]", value) if isinstance(value, str) else value for key, value in event.items()
        }
        return {**fields, "metadata": hidden}

    return shape


def configure_logging(component: str, level: str) -> None:
    """Send our logs and the libraries' to standard output, one JSON object a line."""
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
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


async def _outcome(check: Check) -> str:
    try:
        async with asyncio.timeout(2):
            await check()
    except Exception as error:  # noqa: BLE001 (whatever is wrong with the part, the answer names it)
        return type(error).__name__
    return "ok"


def handlers(
    component: str, needed: Mapping[str, Check], wanted: Mapping[str, Check] | None = None
) -> list[HTTPRouteHandler]:
    """Return the routes `/health` and `/metrics`.

    Health is 200 while every `needed` check passes; `wanted` ones are named, but the process works without them.
    A check raises when its part is not well.
    """

    @get("/health", opt={"telemetry": True})
    async def health() -> Response[dict[str, Any]]:
        checks = {**needed, **(wanted or {})}
        found = dict(zip(checks, await asyncio.gather(*map(_outcome, checks.values())), strict=True))
        well = all(found[name] == "ok" for name in needed)
        body = {"status": "ok" if well else "unwell", "component": component, "checks": found}
        return Response(body, status_code=200 if well else 503)

    @get("/metrics", opt={"telemetry": True}, sync_to_thread=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [health, metrics]
