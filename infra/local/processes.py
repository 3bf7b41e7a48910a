"""The parts that are the product, and the Telegram simulator beside them: each gets only the variables it needs."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from infra.local import health
from infra.local.parts import Part
from infra.local.settings import Caller

_ALL = ("HOST", "LOG_LEVEL", "ADMIN_URL", "REDIS_URL", "REDIS_CACHE_URL", "SUPABASE_URL")
_TELEGRAM = ("TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN")
_SERVICES = ("postgrest", "gateway", "redis-queue", "redis-cache")

# The first variable of each is the port it listens on.
GIVEN = {
    "bot": ("PORT", "WEBHOOK_URL", "TELEGRAM_WEBHOOK_SECRET", "SUPABASE_SERVICE_ROLE_KEY", *_TELEGRAM, *_ALL),
    "jobs": ("JOBS_METRICS_PORT", "WEBHOOK_URL", "SUPABASE_SERVICE_ROLE_KEY", *_TELEGRAM, *_ALL),
    "admin": ("ADMIN_PORT", "SESSION_SECRET", "SUPABASE_ANON_KEY", "BOT_URL", *_ALL),
    "simulator": ("SIMULATOR_PORT", "SIMULATOR_STATE", "TELEGRAM_BOT_TOKEN", "HOST", "LOG_LEVEL"),
}
NAMES = tuple(GIVEN)


def processes(variables: Mapping[str, str]) -> list[Part]:
    """Return bot, jobs and admin."""
    return [
        # aiogram takes three seconds to import: about as long as everything these two need takes to start.
        replace(_python("bot", "bot", variables), needs=("simulator", *_SERVICES), early=True),
        replace(_python("jobs", "jobs", variables), needs=("simulator", *_SERVICES), early=True),
        replace(_python("admin", "admin", variables), needs=_SERVICES),
    ]


def simulator(caller: Caller, variables: Mapping[str, str]) -> Part:
    """Return the Telegram that the bot talks to; what it knows outlives it in a file."""
    state = str(caller.home / "telegram.json")
    return _python("simulator", "infra.local.telegram", {**variables, "SIMULATOR_STATE": state})


def _python(name: str, module: str, variables: Mapping[str, str]) -> Part:
    port = int(variables[GIVEN[name][0]])
    url = f"http://127.0.0.1:{port}"
    return Part(
        name,
        [sys.executable, "-m", module],
        {name: port},
        url,
        {variable: variables[variable] for variable in GIVEN[name]},
        is_well=partial(health.http, f"{url}/health"),
    )
