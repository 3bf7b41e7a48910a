"""The model that answers as it is told, as a process of a test's own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from infra.local.waiting import until


class ScriptedModel:
    """`url` is what an OpenAI-compatible client is given."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5)

    def script(self, *steps: dict[str, Any]) -> None:
        """Say what comes next, in order; without a step it is sure of nothing."""
        self._http.post("/script", json=steps).raise_for_status()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What it was asked since the script was set."""
        asked: list[dict[str, Any]] = self._http.get("/calls").json()
        return asked

    @property
    def models(self) -> list[str]:
        """Which model was asked, call by call."""
        return [call["model"] for call in self.calls]

    def listens(self) -> bool:
        """Assert that it answers."""
        with suppress(httpx.TransportError):
            return self._http.get("/calls").is_success
        return False


@contextmanager
def running_model() -> Iterator[ScriptedModel]:
    """Run one, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "infra.local.llm", str(port)])
    try:
        model = ScriptedModel(port)
        assert until(model.listens, 20), "the scripted model did not start"
        yield model
    finally:
        process.kill()
        process.wait(10)
