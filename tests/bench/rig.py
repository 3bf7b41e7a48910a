"""What the bench measures on: a stack of its own, a superuser's connection, the floor's process."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from infra.local.waiting import until
from tests.stack import ROOT, Stack

OFFSET = 1500
# Beside the ports of its stack.
FLOOR_PORT = 3003 + OFFSET

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def own_stack() -> Iterator[Stack]:
    """Yield the whole system with the demo firm; it and its data are gone afterwards.

    Waits while tests run: the two would measure each other.
    """
    home = ROOT / ".local"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "tests.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        stack = Stack(OFFSET)
        stack.wipe()
        try:
            # Twenty readers of one page are one person here, and more of an eager one than the limits allow.
            stack.start(RATE_LIMIT_HIGH="1000000")
            yield stack
        finally:
            stack.wipe()


def superuser(stack: Stack) -> Connection:
    """Connect as the one who may skip triggers and watch plans; on hosted Supabase nobody may."""
    url = stack.env["DATABASE_URL"].replace("postgres:postgres@", "supabase_admin:postgres@")
    return psycopg.connect(url, autocommit=True)


def one(db: Connection, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    row = db.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None


@contextmanager
def paused(stack: Stack, *parts: str) -> Iterator[None]:
    """Parts that hold still, so that whatever happens meanwhile is somebody else's doing."""
    pids = [stack.pid_of(part) for part in parts]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def floor_process(stack: Stack) -> Iterator[str]:
    """Run the bare handler and yield its URL."""
    names = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "REDIS_URL")
    own = {"PATH": os.environ["PATH"], "PORT": str(FLOOR_PORT), **{name: stack.env[name] for name in names}}
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.floor"], cwd=ROOT, env=own)
    try:
        assert until(_listens, 20), "the floor's handler did not start"
        yield f"http://127.0.0.1:{FLOOR_PORT}/webhook"
    finally:
        process.terminate()
        process.wait(10)


def _listens() -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", FLOOR_PORT), 1):
        return True
    return False
