"""A Redis of a test's own, which it may stop, hold still and bring back without disturbing anybody."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local.services import valkey
from infra.local.waiting import until


class RedisServer:
    """One server on a port of its own; it remembers nothing."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._port, self._folder = port, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it listens."""
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        # With Python's signals: a file that may not grow is an error to it, as on a full disk, and not its end.
        self._process = subprocess.Popen([str(valkey()), *options], stdout=subprocess.DEVNULL, restore_signals=False)
        assert until(self._listens, 10), "Redis did not start"

    @property
    def pid(self) -> int:
        """The process, which runs."""
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """End it without a farewell."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """While the block runs nobody listens; afterwards nothing is remembered."""
        self.kill()
        yield
        self.start()

    @contextmanager
    def still(self) -> Iterator[None]:
        """While the block runs it takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        yield
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False


@contextmanager
def running_redis(folder: Path) -> Iterator[RedisServer]:
    """Run one, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = RedisServer(port, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
