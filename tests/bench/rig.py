"""What the bench measures on: a stack of its own, a superuser's connection, the floor's process."""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from infra.local.waiting import until
from tests.nginx import passing_on
from tests.stack import ROOT, Stack

OFFSET = 1500
# Beside the ports of its stack.
FLOOR_PORT, ECHO_PORT, PROXY_PORT = 3003 + OFFSET, 3004 + OFFSET, 3005 + OFFSET

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def quiet() -> Iterator[None]:
    """Wait while tests run, and let them wait: the two would measure each other."""
    home = ROOT / ".local"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "tests.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@contextmanager
def own_stack(offset: int = OFFSET, *, keeps: bool = False) -> Iterator[Stack]:
    """Yield the whole system with the demo firm; it and its data are gone afterwards, unless it `keeps` them."""
    stack = Stack(offset)
    if not keeps:
        stack.wipe()
    # Twenty readers of one page are one person here, and more of an eager one than the limits allow.
    begin = partial(stack.start, RATE_LIMIT_HIGH="1000000", RATE_LIMIT_MEDIUM="1000000")
    try:
        try:
            begin()
        except AssertionError:
            # What is kept may be of other migrations than those of today.
            if not keeps:
                raise
            stack.wipe()
            begin()
        yield stack
    finally:
        if keeps:
            stack.stop()
        else:
            stack.wipe()


def superuser(stack: Stack) -> Connection:
    """Connect as the one who may skip triggers and watch plans; on hosted Supabase nobody may."""
    return psycopg.connect(as_superuser(stack.env["DATABASE_URL"]), autocommit=True)


def as_superuser(url: str) -> str:
    """Return the same database's URL under the superuser's name, with the password that is in it."""
    return url.replace("//postgres", "//supabase_admin", 1)


def one(db: Connection, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    row = db.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None


@contextmanager
def floor_process(stack: Stack) -> Iterator[str]:
    """Run the bare handler and yield its URL."""
    with _process(stack, "tests.bench.floor", FLOOR_PORT, "SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "REDIS_URL"):
        yield f"http://127.0.0.1:{FLOOR_PORT}/webhook"


@contextmanager
def floor_page_process(stack: Stack) -> Iterator[str]:
    """Run the bare page and yield its URL."""
    port = FLOOR_PORT + stack.caller.offset - OFFSET
    with _process(stack, "tests.bench.floor_page", port, "SUPABASE_URL", "SUPABASE_ANON_KEY"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def proxied(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield where a proxy passes on to the bot, and where to a bare echo."""
    ports = {PROXY_PORT: int(stack.env["PORT"]), PROXY_PORT + 10: ECHO_PORT}
    with TemporaryDirectory() as folder, ExitStack() as running:
        running.enter_context(_process(stack, "tests.bench.echo", ECHO_PORT, "TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL"))
        for port, process in ports.items():
            running.enter_context(passing_on(Path(folder, str(port)), port, [process]))
        bot, floor = (f"http://127.0.0.1:{port}/webhook" for port in ports)
        yield bot, floor


@contextmanager
def _process(stack: Stack, module: str, port: int, *names: str) -> Iterator[None]:
    """Run a module of the bench with these of the stack's variables, and end it."""
    own = {"PATH": os.environ["PATH"], "PORT": str(port), **{name: stack.env[name] for name in names}}
    process = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=own)
    try:
        assert until(partial(_listens, port), 30), f"{module} did not start"
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
