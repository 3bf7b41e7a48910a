"""`make up`: starts one local stack in the foreground and stops all of it on Ctrl-C."""

import errno
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from infra.local import cluster, down, environment, keeper, keys, leftovers, processes, services
from infra.local.display import Display
from infra.local.keeper import Gone, Keeper
from infra.local.keys import Keys
from infra.local.parts import Part, with_needs
from infra.local.sequence import Start
from infra.local.settings import Caller, Unfit
from infra.local.waiting import until

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ACCOUNTS = ("admin", "manager", "accountant", "accountant2", "observer")


class Stopped(Exception):  # noqa: N818 (reads as what happened)
    """Somebody pressed Ctrl-C, sent SIGTERM, or closed the terminal."""


def up(caller: Caller, names: list[str], show: Callable[[Mapping[str, str]], int] | None = None) -> None:
    """Start the stack, or only the named parts and what they need, and stay until it is stopped.

    `show` plays messages to what runs, given its variables, and returns how many.
    """
    display = Display()
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        with down.lock(caller) as lock:
            own = keys.keep(caller.home)
            variables = environment.contract(caller, own)
            parts = all_parts(caller, own, variables)
            parts = with_needs(parts, names) if names else parts
            if show and not {"simulator", "postgres"} <= {part.name for part in parts}:
                raise Unfit(
                    "the demo needs a Telegram and a Supabase of its own: unset TELEGRAM_API_URL and SUPABASE_URL"
                )
            _prepare(caller, own, variables, parts)
            with _kept(caller, own, variables, lock) as stack:
                Start(parts, stack, display, caller.home / "log").run()
                _welcome(display, variables, parts, caller.home / "log")
                if show:
                    display.say("a day of the demo firm begins")
                    display.say(f"{show(variables)} messages were written")
                _watch(stack, display)
    except Stopped:
        display.say("stopped")
    except Gone:
        display.say("stopped from outside")


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in _SIGNALS:  # once is enough: what follows ends by itself
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def all_parts(caller: Caller, own: Keys, variables: Mapping[str, str]) -> list[Part]:
    """Return what this caller's whole stack consists of."""
    hosted = environment.hosted(caller, own)
    simulated = [] if "TELEGRAM_API_URL" in hosted else [processes.simulator(caller, variables)]
    return [*services.services(caller, own, variables, hosted), *simulated, *processes.processes(variables)]


def _prepare(caller: Caller, own: Keys, variables: Mapping[str, str], parts: list[Part]) -> None:
    leftovers.end(caller.home, patience=0)
    _refuse_taken_ports(caller, parts)
    if any(part.name == "postgres" for part in parts):
        cluster.create(caller.root, caller.home / "postgres")
    environment.write(caller, variables)
    keeper.configure(caller, own, parts)


def _refuse_taken_ports(caller: Caller, parts: list[Part]) -> None:
    wanted = {"supervisor": caller.port("supervisor")}
    for part in parts:
        wanted |= part.ports

    def found() -> list[str]:
        return [f"{port} ({name})" for name, port in wanted.items() if _is_taken(port)]

    # A process of ours that is just dying has lost its mark, and not yet its ports.
    if not until(lambda: not found(), 2) and (taken := found()):
        many = "ports" if len(taken) > 1 else "port"
        raise Unfit(f"{many} {', '.join(taken)} already taken: stop what listens there, or use PORT_OFFSET=100 make up")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False


@contextmanager
def _kept(caller: Caller, own: Keys, variables: Mapping[str, str], lock: int) -> Iterator[Keeper]:
    """Run the supervisor, without any part yet, and stop it with all its parts at the end."""
    process = None
    try:
        # In here, because a signal may come between the fork and the assignment: `down.stop` finds it all the same.
        process = keeper.launch(caller, environment.inherited(caller, variables), lock)
        stack = Keeper(caller, own)
        until(lambda: stack.is_there() or process.poll() is not None, 10)
        if not stack.is_there():
            raise Unfit(f"the supervisor did not start, see {caller.home}/log/supervisor.log")
        yield stack
    finally:
        down.stop(caller, own)
        if process is not None:
            process.wait()


def _welcome(display: Display, variables: Mapping[str, str], parts: list[Part], logs: Path) -> None:
    names = {part.name: part.url for part in parts}
    urls = {
        "admin": ("admin", variables["ADMIN_URL"]),
        "playground": ("simulator", f"{variables['TELEGRAM_API_URL']}/"),
        "bot": ("bot", f"{variables['WEBHOOK_URL']}"),
        "supabase": ("gateway", variables["SUPABASE_URL"]),
        "database": ("postgres", variables["DATABASE_URL"]),
        "mail": ("auth", f"{names.get('auth')}/_mail"),
    }
    display.say("ready")
    for title, (part, url) in urls.items():
        if part in names:
            display.say(f"  {title:<12} {url}")
    display.say(f"  {'logs':<12} {logs}/<part>.log")
    if {"admin", "gateway"} <= names.keys():
        display.say(
            f"  {'sign in as':<12} {', '.join(f'{name}@buhbot.test' for name in _ACCOUNTS)}, password buhbot-demo-2026"
        )


def _watch(stack: Keeper, display: Display) -> NoReturn:
    """Say which part was started again, until a signal comes or the supervisor is gone."""
    before = stack.states()
    while True:
        time.sleep(1)
        for name, state in stack.states().items():
            if before[name].pid != state.pid != 0:
                display.say(f"  {name:<12} had ended, is started again")
                before[name] = state
