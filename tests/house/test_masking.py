"""Nothing private leaves a process by its log, whoever wrote the line (I10)."""

import json
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from infra import masking
from tests.stack import ROOT

# Made here, so that no file holds what looks like a secret.
TOKEN = f"{123456789}:{'AAHdq' * 7}"
JWT = ".".join(("eyJ" + "hbGciOiJF" * 3, "eyJ" + "zdWIiOiIx" * 3, "c2lnbmF0dXJl"))
PRIVATE = {
    "a bot token": TOKEN,
    "a bot token in an address": f"https://api.telegram.org/bot{TOKEN}/sendMessage",
    "a token of a person": JWT,
    "half a token of a person": JWT[:30],
    "a secret key": "sb_secret_" + "abcdefghijklmnop_12345678",
    "a password of Redis": "redis://:hunter2secret@10.0.0.5:6379/0",
    "a password of Postgres": "postgresql://postgres:hunter2secret@db.example.org/postgres",
    "a one-time link": "/reset?token=hunter2secret",
    "a reset in a fragment": "http://127.0.0.1/reset#access_token=hunter2secret",
    "an invitation": "GET /invite/hunter2secret HTTP/1.1",
    "a header": "Authorization: Bearer hunter2secret",
    "an address": "sent to anna.ivanova+x@example.com yesterday",
    "a telephone": "call +7 (916) 123-45-67 now",
    "a telephone without signs": "call 89161234567 now",
    "an id of Telegram": "user 7719203846 is a stranger",
}


@pytest.mark.parametrize("what", PRIVATE)
def test_a_secret_is_masked_wherever_it_stands(what: str) -> None:
    given = PRIVATE[what]
    for text in (given, f"before {given} after", f"({given})"):
        for hidden in (masking.masked(text), masking.sentence(text), json.dumps(masking.field({"a": [text]}))):
            for canary in (
                "AAHdq",
                "eyJ",
                "sb_secret_a",
                "hunter2secret",
                "anna",
                "@example",
                "45-67",
                "9161234567",
                "7719203846",
            ):
                assert canary not in hidden, hidden


@pytest.mark.parametrize(
    "fine",
    [
        "request_acknowledged",
        "http://127.0.0.1:8000/rest/v1/rpc/ingest",
        "redis://127.0.0.1:6380/0",
        "00000000-0000-4000-8000-000000001003",
        "2026-11-21T14:53:23.123456+00:00",
        "version 25.0.1, port 15432, 20000 rows",
        "Connect call failed 127.0.0.1:1",
        "23514",
    ],
)
def test_what_operators_need_is_left_alone(fine: str) -> None:
    assert masking.field(fine) == fine


def test_fields_of_every_kind_are_masked() -> None:
    number = UUID("00000000-0000-4000-8000-000000001003")
    given = {
        "id": number,
        "count": 3,
        "is_done": True,
        "none": None,
        "deep": [{"x": ("Анна Иванова",)}],
        "odd": ValueError("x 'Анна'"),
    }
    assert masking.field(given) == {**given, "deep": [{"x": ["…"]}], "odd": "ValueError: x …"}


class Row(BaseModel):
    name: int


SAID = "Анна Иванова спросила"


def leak(error: BaseException) -> str:
    """What is logged of an exception that caused another."""
    consequence = RuntimeError(SAID)
    consequence.__cause__ = error
    with pytest.raises(RuntimeError) as found:
        raise consequence
    return masking.trace(found.value)


class BrokenError(Exception):
    code = "23505"

    def __str__(self) -> str:
        raise ValueError(SAID)


def _pydantic() -> BaseException:
    try:
        Row.model_validate({"name": SAID})
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            ValueError("invalid literal for int() with base 10: 'Anna Secret'"),
            "ValueError: invalid literal for int() with base 10: …",
        ),
        (KeyError("Anna Secret"), "KeyError: …"),
        (
            AttributeError("'NoneType' object has no attribute 'chat_id'"),
            "'NoneType' object has no attribute 'chat_id'",
        ),
        (RuntimeError({"message": "no", "details": "Failing row contains (Anna Secret)."}), "RuntimeError: …"),
        (RuntimeError("duplicate key\nDETAIL: Key (name)=(Anna Secret) exists."), "RuntimeError: duplicate key"),
        (RuntimeError("Key (name)=(Anna Secret) exists"), "RuntimeError: Key …=… exists"),
        (OSError(111, "Connect call failed"), "[111]: [Errno 111] Connect call failed"),
        (BrokenError("Anna Secret"), "[23505]: its message failed with ValueError"),
        (_pydantic(), "ValidationError: name int_parsing"),
        (ExceptionGroup("Anna Secret", [ValueError("Анна"), KeyError("Anna Secret")]), "one of them:"),
    ],
)
def test_a_traceback_has_places_and_kinds_but_no_values(error: BaseException, says: str) -> None:
    told = leak(error)
    assert "Traceback (most recent call last)" in told and "test_masking.py" in told
    assert says in told
    assert "Анна" not in told
    assert "Anna Secret" not in told or isinstance(error, ExceptionGroup)


def run(body: str) -> list[dict[str, Any]]:
    """The log of a process that does this."""
    head = "import asyncio, logging, threading, structlog\nfrom infra.telemetry import configure_logging\n"
    program = f"{head}configure_logging('test', 'info')\nlog = structlog.get_logger()\n{body}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


LOST = """
async def fail(): raise ValueError('Тайна')
async def main():
  task = asyncio.ensure_future(fail())
  await asyncio.sleep(0)
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("log.warning('job_delayed', reason='user «Тайна»')", "job_delayed"),
        ("logging.getLogger('lib').warning('cannot read %r', 'Тайна')", "cannot read …"),
        ("logging.getLogger('lib').error('failed\\nТайна', exc_info=ValueError('Тайна'))", "failed"),
        ("log.info('a_thing', error=ValueError('Тайна'))", "a_thing"),
        ("raise ValueError('Тайна')", "process_failed"),
        ("x = threading.Thread(target=int, args=['Тайна'])\nx.start()\nx.join()", "thread_failed"),
        ("import warnings\nwarnings.warn('Тайна')", None),
        (LOST, "Task exception was never retrieved"),
    ],
)
def test_whoever_logs_a_line_it_holds_no_text(body: str, message: str | None) -> None:
    lines = run(body)
    assert lines
    assert message in (None, lines[-1]["message"])
    assert "Тайна" not in json.dumps(lines, ensure_ascii=False)


def test_a_line_that_cannot_be_written_prints_no_arguments() -> None:
    assert run("logging.getLogger('lib').warning('%d', 'Тайна')") == []
