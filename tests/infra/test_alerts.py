"""The alert drill: the real Prometheus, Alertmanager and exporters before the running stack."""

import asyncio
import json
import logging
import time
from collections.abc import Iterator

import httpx
import pytest

from infra.local.telegram.client import SimulatorClient
from infra.local.waiting import until
from tests.monitoring import SPEED, Monitoring, running, stated
from tests.stack import ROOT, Stack
from tests.world import ADMIN, ClientChat

# Of `ProcessDown`, in production: a scrape, `for`, an evaluation, and the wait for what else there is to say.
RULE_SECONDS = 15 + 60 + 15 + 15
# A group that has been told of hears again after this long at the latest.
GROUP_SECONDS = 120
# What this machine may take on top: other parts of the tests run beside, and may have made this group wait.
MARGIN_SECONDS = 15

log = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def monitoring(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    with running(stack, tmp_path_factory.mktemp("monitoring"), ADMIN) as watching:
        yield watching


def panels() -> Iterator[tuple[str, str]]:
    """Every query of every panel, by where it stands, with Grafana's own variable filled in."""
    for path in sorted((ROOT / "infra/grafana/dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "1m")
                yield f"{path.stem}: {panel['title']} {target['refId']}", query


async def _live(stack: Stack, chat: ClientChat) -> None:
    """A moment of work: a question and its answer, a page, a stranger at the webhook."""
    await chat.ask()
    await chat.answer()
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.get(f"{stack.urls['admin']}/login")
        await http.post(f"{stack.urls['bot']}/webhook", content="{}")


async def test_a_process_that_ends_is_told_over_telegram_and_so_is_its_return(
    stack: Stack, sim: SimulatorClient, chat: ClientChat, monitoring: Monitoring
) -> None:
    await _live(stack, chat)
    assert await asyncio.to_thread(until, lambda: monitoring.values('up{job="jobs"}') == [1.0], 20)
    before = max((message.message_id for message in await sim.messages(ADMIN)), default=0)
    await asyncio.to_thread(stack.stop_part, "jobs")
    stopped_at = time.monotonic()
    seconds = RULE_SECONDS / SPEED + MARGIN_SECONDS
    alert = await sim.until_message(ADMIN, "critical: ProcessDown\njobs at 127.0.0.1", since=before, seconds=seconds)
    log.info("jobs stopped, told after %.1f s; due after %.1f s", time.monotonic() - stopped_at, RULE_SECONDS / SPEED)
    assert "infra/README.md#processdown" in alert.words
    # Whoever does not answer is not said to be unwell as well: a minute later that would be due.
    assert await asyncio.to_thread(until, lambda: "suppressed" in monitoring.states("ProcessUnwell", "jobs"), 20)
    await asyncio.to_thread(stack.start_part, "jobs")
    await asyncio.to_thread(stack.wait_healthy, "jobs", 60)
    back_at = time.monotonic()
    seconds = (GROUP_SECONDS + RULE_SECONDS) / SPEED + MARGIN_SECONDS
    await sim.until_message(ADMIN, "over: ProcessDown\njobs at", since=alert.message_id, seconds=seconds)
    log.info("jobs back, told after %.1f s", time.monotonic() - back_at)


async def test_every_rule_and_every_panel_has_something_to_look_at(
    stack: Stack, chat: ClientChat, monitoring: Monitoring
) -> None:
    rules = [(rule["name"], stated(rule["query"])) for rule in monitoring.rules]
    questions = [*rules, *panels()]
    deadline = time.monotonic() + 30
    while questions and time.monotonic() < deadline:
        await _live(stack, chat)
        questions = await asyncio.to_thread(monitoring.unanswered, questions)
    assert not questions, "\n".join(f"{name}: {query}" for name, query in questions)
    assert {rule["health"] for rule in monitoring.rules} == {"ok"}
    log.info("%d rules and %d queries of panels have an answer", len(rules), len([*panels()]))


def test_the_heartbeat_is_heard_outside(monitoring: Monitoring) -> None:
    assert until(lambda: len(monitoring.heartbeats) > 1, 20)
    assert [rule["name"] for rule in monitoring.rules if rule["state"] == "firing"].count("Watchdog") == 1
