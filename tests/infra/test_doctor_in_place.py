"""The doctor where it is asked for: in the image, and beside processes that are stopped or unwell."""

import re
import subprocess
import sys
from typing import Any

from aiohttp import web

from admin.settings import AdminSettings
from bot.settings import BotSettings
from infra.doctor.processes import of_processes
from infra.doctor.settings import Installation
from infra.local.processes import GIVEN
from infra.supabase import open_http
from jobs.settings import JobsSettings
from tests.infra.conftest import PORTS, Image
from tests.stack import Stack


def test_in_the_image_it_says_what_it_cannot_see_there(image: Image, stack: Stack) -> None:
    """With the variables of docker-compose.prod.yml: what any of the three processes is told."""
    told = {name: stack.env[name] for process in PORTS for name in GIVEN[process] if name in stack.env}
    done = subprocess.run(
        [sys.executable, "-m", "infra.doctor"],
        cwd=image.folder,
        env=told | {"TELEGRAM_BOT_TOKEN": "123456:wrong"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert re.search("^telegram +the token is not valid: take a new one from @BotFather", done.stdout, re.MULTILINE)
    assert re.search("^database +migrations, policies .* were not looked at: an image", done.stdout, re.MULTILINE)


async def unwell(_request: web.Request) -> web.Response:
    return web.json_response({"status": "unwell", "checks": {"redis": "ok", "supabase": "unavailable"}}, status=503)


async def test_a_process_that_is_stopped_or_unwell_is_named(stack: Stack) -> None:
    app = web.Application()
    app.router.add_get("/health", unwell)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        found = await findings(stack, PORT=str(runner.addresses[0][1]), JOBS_METRICS_PORT="1")
    finally:
        await runner.cleanup()
    assert [re.sub(r"\d+", "N", what) for what in found] == [
        "bot on port N is unwell: supabase",
        "jobs on port N does not answer",
    ]


async def findings(stack: Stack, **changes: str) -> list[str]:
    known: dict[str, Any] = {name.lower(): value for name, value in {**stack.env, **changes}.items()}
    kinds = (BotSettings, JobsSettings, AdminSettings)
    own = Installation(*(kind.model_validate(known) for kind in kinds))  # type: ignore[arg-type]
    async with open_http() as http:
        return [one.what async for one in of_processes(own, http)]
