"""What a process says of itself to `/system`: that it is there, which release it is, what it sees of its parts."""

import asyncio
import secrets
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from infra.redis import end
from infra.supabase import Database, Refused, Unavailable

SECONDS = 30.0
VERSION: str = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["version"]

log = structlog.get_logger()

Look = Callable[[], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def reporting(component: str, database: Database, look: Look, seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Tell the database what `look` sees, at once and every so many seconds while the block runs."""
    instance, started_at = secrets.token_hex(4), datetime.now(UTC).isoformat()

    async def keep_telling() -> None:
        while True:
            try:
                await database.call(
                    "note_process",
                    component=component,
                    instance=instance,
                    version=VERSION,
                    started_at=started_at,
                    facts=await look(),
                )
            except (Refused, Unavailable) as error:
                log.warning("report_not_taken", reason=type(error).__name__)
            await asyncio.sleep(seconds)

    task = asyncio.create_task(keep_telling())
    try:
        yield
    finally:
        await end(task)
