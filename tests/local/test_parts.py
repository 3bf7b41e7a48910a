"""What each part is given, and that it comes back."""

import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.stack import Stack


def environment_of(stack: Stack, part: str) -> set[str]:
    entries = Path(f"/proc/{stack.pid_of(part)}/environ").read_text().split("\0")
    return {entry.partition("=")[0] for entry in entries}


def test_every_process_gets_only_the_secrets_it_needs(stack: Stack) -> None:
    secrets = {"DATABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ANON_KEY", "SESSION_SECRET"}
    secrets |= {"TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET"}
    service = {"SUPABASE_SERVICE_ROLE_KEY", "TELEGRAM_BOT_TOKEN"}
    assert environment_of(stack, "bot") & secrets == {*service, "TELEGRAM_WEBHOOK_SECRET"}
    assert environment_of(stack, "jobs") & secrets == service
    assert environment_of(stack, "admin") & secrets == {"SUPABASE_ANON_KEY", "SESSION_SECRET"}
    assert environment_of(stack, "simulator") & secrets == {"TELEGRAM_BOT_TOKEN"}


def test_a_shell_can_source_the_environment(stack: Stack) -> None:
    script = ["sh", "-c", 'set -a; . "$0"; printenv DATABASE_URL WEBHOOK_URL', str(stack.home / "env")]
    said = subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()
    assert said == [stack.env["DATABASE_URL"], stack.env["WEBHOOK_URL"]]


@pytest.mark.parametrize("name", ["env", "keys.json", "supervisor.conf", "run/bot"])
def test_nobody_else_may_read_the_secrets(stack: Stack, name: str) -> None:
    assert stat.S_IMODE((stack.home / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("part", ["postgrest", "auth", "gateway", "redis-queue", "redis-cache", "simulator", "admin"])
def test_a_killed_part_is_soon_back(stack: Stack, part: str) -> None:
    stack.kill(part)
    stack.wait_healthy(part, seconds=8)


def test_a_killed_postgres_is_soon_back_with_every_committed_row(stack: Stack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        db.execute("create table private.survivors (number int)")
        db.execute("insert into private.survivors select generate_series(1, 1000)")
        stack.kill("postgres")
    stack.wait_healthy("postgres", seconds=8)
    with psycopg.connect(stack.env["DATABASE_URL"]) as db:
        assert db.execute("select count(*) from private.survivors").fetchone() == (1000,)
        db.execute("drop table private.survivors")
    for part in ("auth", "postgrest", "gateway"):
        stack.wait_healthy(part)
