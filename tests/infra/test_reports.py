"""Each process says at its start what it was started with, and no secret."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from admin.settings import AdminSettings
from infra.reports import VERSION, tell_settings
from tests.stack import Stack

SECRETS = {
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_ANON_KEY",
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "SESSION_SECRET",
}
OWN = {"bot": {"WEBHOOK_URL", "PORT"}, "jobs": {"JOBS_METRICS_PORT", "DEFAULT_TIMEZONE"}, "admin": {"ADMIN_URL"}}


def configured(stack: Stack, process: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in stack.log(process).splitlines() if '"process_configured"' in line]
    return dict(lines[-1]["metadata"])


@pytest.mark.parametrize("process", OWN)
def test_a_process_says_what_it_was_started_with_and_no_secret(stack: Stack, process: str) -> None:
    told = configured(stack, process)
    assert (told["version"], told["revision"]) == (VERSION, "unknown")
    in_force = told["settings"]
    assert OWN[process] | {"SUPABASE_URL", "REDIS_URL", "LOG_LEVEL"} <= in_force.keys()
    assert in_force["REDIS_URL"] == stack.env["REDIS_URL"]
    assert {in_force[name] for name in SECRETS & in_force.keys()} == {"set"}


def test_of_addresses_it_shows_no_user_and_no_password() -> None:
    known: dict[str, Any] = {"supabase_url": "https://a:b@x.test/?k=1", "redis_url": "rediss://u:hidden@r.test:6380/2"}
    settings = AdminSettings.model_validate({**known, "supabase_anon_key": "k", "session_secret": "s" * 32})
    with capture_logs() as said:
        tell_settings(settings)
    in_force = said[0]["settings"]
    assert in_force["REDIS_URL"] == "rediss://r.test:6380/2"
    assert in_force["SUPABASE_URL"] == "https://x.test:443/"
