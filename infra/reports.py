"""What a process says of itself: its settings to the log, that it is there and what it sees to `/system`."""

import asyncio
import secrets
import tomllib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import AnyUrl, RedisDsn, SecretStr

from infra.redis import end
from infra.settings import ProcessSettings, ReleaseSettings
from infra.supabase import Database, Refused, Unavailable

SECONDS = 30.0
VERSION: str = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["version"]

log = structlog.get_logger()

Look = Callable[[], Awaitable[dict[str, Any]]]


def tell_settings(settings: ProcessSettings) -> None:
    """Log what is in force, by the names of the variables: of secrets only whether they are set."""
    in_force = {name.upper(): _shown(name, value) for name, value in settings}
    revision = ReleaseSettings().revision
    log.info("process_configured", version=VERSION, revision=revision, settings=in_force)


def _shown(name: str, value: object) -> str:
    if value is None or not str(value):
        return "unset"
    if isinstance(value, SecretStr) or name.endswith(("_key", "_secret", "_token")):
        return "set"
    if isinstance(value, (AnyUrl, RedisDsn)):
        # Users, passwords and one-time tokens stand in the rest.
        port = f":{value.port}" if value.port else ""
        return f"{value.scheme}://{value.host}{port}{value.path or ''}"
    return str(value)


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
