"""The lights of `/system`: none is green that nobody has seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from admin.pages.system.lights import Light, Process, lights

NOW = datetime(2026, 4, 6, 12, tzinfo=UTC)
WELL = {"supabase": "ok", "redis": "ok", "cache": "ok", "telegram": "ok"}
WEBHOOK = {"is_set": True, "is_ours": True, "waiting": 0, "failed_at": None, "failure": None}


def process(component: Any, seconds_ago: float = 10, **facts: Any) -> Process:
    return Process(
        component=component,
        version="1.2.3",
        started_at=NOW - timedelta(hours=1),
        seen_at=NOW - timedelta(seconds=seconds_ago),
        facts={"checks": WELL, **facts},
    )


def shown(*processes: Process, postgres: str | None = "17", **own: str) -> dict[str, Light]:
    return {one.name: one for one in lights(processes, {"auth": "ok", "redis": "ok"} | own, "1", postgres, NOW)}


def test_without_a_word_nothing_is_green_but_what_the_admin_reaches_itself() -> None:
    found = shown()
    green = {name for name, light in found.items() if light.state == "green"}
    assert green == {"Панель", "База данных и её API", "Вход", "Redis очередей"}
    assert {light.state for name, light in found.items() if name not in green} == {"unknown"}


def test_when_all_is_well_all_is_green() -> None:
    found = shown(process("bot", webhook=WEBHOOK), process("jobs", breaker="closed"))
    assert {light.state for light in found.values()} == {"green"}


def test_a_silent_process_is_red_and_what_only_it_sees_is_unknown() -> None:
    found = shown(process("bot", 120, webhook=WEBHOOK), process("jobs", 120, breaker="closed"))
    assert found["Бот"].state == found["Фоновые задания"].state == "red"
    for part in ("Вебхук Telegram", "Redis кэша", "Языковая модель"):
        assert found[part].state == "unknown", part


def test_the_latest_of_several_copies_speaks() -> None:
    assert shown(process("bot", 3000), process("bot", 5))["Бот"].state == "green"


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"is_set": False}, "red", "не установлен"),
        ({"is_ours": False}, "red", "ведёт не к нам"),
        ({"waiting": 7}, "green", "ждут доставки: 7"),
        ({"failed_at": (NOW - timedelta(minutes=5)).isoformat(), "failure": "Read timeout"}, "amber", "Read timeout"),
        ({"failed_at": (NOW - timedelta(days=5)).isoformat(), "failure": "Read timeout"}, "green", "ждут доставки: 0"),
    ],
)
def test_the_webhook_is_as_telegram_tells(changes: dict[str, Any], state: str, reason: str) -> None:
    light = shown(process("bot", webhook={**WEBHOOK, **changes}))["Вебхук Telegram"]
    assert light.state == state
    assert reason in light.reason


def test_a_part_that_is_not_well_is_named() -> None:
    found = shown(process("bot", checks={**WELL, "cache": "ConnectionError"}), auth="AuthUnavailable", postgres=None)
    assert found["Бот"].state == "amber"
    assert "cache: ConnectionError" in found["Бот"].reason
    for part in ("Redis кэша", "Вход", "База данных и её API"):
        assert found[part].state == "red", part


@pytest.mark.parametrize(
    ("breaker", "state"), [("off", "off"), ("open", "red"), ("probing", "amber"), ("x", "unknown")]
)
def test_the_model_is_as_the_jobs_tell(breaker: str, state: str) -> None:
    assert shown(process("jobs", breaker=breaker))["Языковая модель"].state == state
