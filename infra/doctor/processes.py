"""The processes themselves: that each is there, and says that it can do its job."""

from collections.abc import AsyncIterator

import httpx

from infra.doctor.finding import Finding
from infra.doctor.settings import Installation

_EVERYWHERE = "0.0.0.0"  # noqa: S104 (nobody listens here)


async def of_processes(own: Installation, http: httpx.AsyncClient) -> AsyncIterator[Finding]:
    """Yield which of them does not run, or is unwell and why."""
    ports = {"bot": own.bot.port, "jobs": own.jobs.jobs_metrics_port, "admin": own.admin.admin_port}
    for process, port in ports.items():
        # Inside a container each listens everywhere, and is found by the name of its service.
        host = process if own.bot.host == _EVERYWHERE else own.bot.host
        if fault := await _fault(http, f"http://{host}:{port}/health"):
            mend = "its last line says why: `journalctl -u 'buhbot-*'`, with Docker `docker compose logs`"
            yield Finding("processes", f"{process} on port {port} {fault}", mend)


async def _fault(http: httpx.AsyncClient, url: str) -> str:
    try:
        answer = await http.get(url)
        checks = {} if answer.is_success else answer.json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError):
        return "does not answer"
    unwell = sorted(part for part, state in checks.items() if state != "ok")
    return f"is unwell: {', '.join(unwell)}" if unwell else ""
