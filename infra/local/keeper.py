"""Supervisord as the keeper of the parts: its configuration, its remote control, and its end."""

import http.client
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.keys import Keys, write_private
from infra.local.leftovers import MARK
from infra.local.parts import Part
from infra.local.settings import Caller
from infra.local.waiting import until

# Paths are relative to the stack's folder: supervisor would take a `;`, `#` or `%` in a path for its own syntax.
# It looks at its children once a second, so a dead part is back within two, however often it dies (startsecs=0).
_PROGRAM = """
[program:{part.name}]
command=/bin/sh run/{part.name}
autostart=false
autorestart={again}
startsecs=0
stopsignal={part.stop_signal}
stopwaitsecs={patience}
redirect_stderr=true
stdout_logfile=log/{part.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""
_SUPERVISOR = """
[supervisord]
nodaemon=true
silent=true
logfile=log/supervisor.log
pidfile=supervisor.pid

[inet_http_server]
port=127.0.0.1:{port}
username=stack
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
_STOP_SECONDS = 12
_NO_WAIT = False
# Supervisor's own numbers: a state, and two faults.
_EXITED = 100
_NOT_RUNNING = 70
_SHUTTING_DOWN = 6


class Gone(Exception):  # noqa: N818 (reads as what happened)
    """The supervisor does not answer."""


@dataclass(frozen=True)
class State:
    """What supervisor knows of a part: `pid` is 0 while it does not run; `ended` is the exit code of one that ended."""

    pid: int
    ended: int | None


class Keeper:
    """The remote control of one stack's supervisor; every call raises `Gone` when it does not answer."""

    def __init__(self, caller: Caller, keys: Keys) -> None:
        address = f"http://stack:{keys.supervisor_password}@127.0.0.1:{caller.port('supervisor')}/RPC2"
        self._server = xmlrpc.client.ServerProxy(address, allow_none=True)

    def start(self, name: str) -> None:
        """Have a part started, and started again whenever it ends."""
        self._call("supervisor.startProcess", name, _NO_WAIT)

    def stop(self, names: list[str]) -> None:
        """Stop parts side by side and return when they have ended."""
        for name in names:
            try:
                self._call("supervisor.stopProcess", name, _NO_WAIT)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode != _NOT_RUNNING:
                    raise
        until(lambda: not any(state.pid for name, state in self.states().items() if name in names), _STOP_SECONDS + 3)

    def shut_down(self) -> None:
        """End the supervisor itself."""
        self._call("supervisor.shutdown")

    def states(self) -> dict[str, State]:
        """Return what each part does now."""
        return {item["name"]: _state(item) for item in self._call("supervisor.getAllProcessInfo")}

    def is_there(self) -> bool:
        """Whether the supervisor answers."""
        try:
            self._call("supervisor.getState")
        except Gone:
            return False
        return True

    def _call(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self._server, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as error:
            raise Gone(str(error)) from error
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == _SHUTTING_DOWN:
                raise Gone(fault.faultString) from fault
            raise


def configure(caller: Caller, keys: Keys, parts: list[Part]) -> None:
    """Write supervisor's configuration, and for each part a script that also starts it by hand: `sh .local/run/bot`."""
    for folder in (caller.home / "log", caller.home / "run", *(part.folder for part in parts if part.folder)):
        folder.mkdir(mode=0o700, exist_ok=True)
    head = _SUPERVISOR.format(port=caller.port("supervisor"), password=keys.supervisor_password)
    programs = [_PROGRAM.format(part=part, again=str(not part.once).lower(), patience=_STOP_SECONDS) for part in parts]
    write_private(caller.home / "supervisor.conf", "".join([head, *programs]))
    for part in parts:
        write_private(caller.home / "run" / part.name, _script(caller, part))


def launch(caller: Caller, environment: Mapping[str, str], lock: int) -> subprocess.Popen[bytes]:
    """Start the supervisor in a session of its own: Ctrl-C reaches only us, and we stop it in order.

    It holds the stack's lock as long as it lives, also when we are killed.
    """
    with (caller.home / "log/supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", "supervisor.conf"],
            cwd=caller.home,
            env={**environment, MARK: str(caller.home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(lock,),
        )


def _script(caller: Caller, part: Part) -> str:
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in part.environment.items()]
    folder = shlex.quote(str(part.folder or caller.root))
    return "".join([*exports, f"cd {folder} || exit 1\n", f"exec {shlex.join(part.command)}\n"])


def _state(item: dict[str, Any]) -> State:
    return State(item["pid"], item["exitstatus"] if item["state"] == _EXITED else None)
