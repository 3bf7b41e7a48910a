"""Metrics and logs are read by machines: names follow one grammar, and nothing private is in them."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import CODE, File, Tree, keep, objections

UNITS = "seconds|bytes|ratio|rows|messages|records|jobs"
GRAMMAR = {
    "Counter": r"buhbot_[a-z0-9_]+_total",
    "Gauge": r"buhbot_[a-z0-9_]+(?<!_total)",
    "Histogram": rf"buhbot_[a-z0-9_]+_(?:{UNITS})",
    "Summary": rf"buhbot_[a-z0-9_]+_(?:{UNITS})",
    "Info": r"buhbot_[a-z0-9_]+",
    "Enum": r"buhbot_[a-z0-9_]+",
}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PRIVATE = re.compile(
    "(?:message_|email_)?(?:text|body|caption|comment|payload|title|url)|cookie|email|password|phone|secret|.*token"
    "|(?:full_|client_|chat_|first_|last_|user_?)?name|telegram_username"
)


def misnamed_metrics(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", under=CODE, but=("tests/",)):
        if "prometheus_client" not in file.text:
            continue
        constants = _constants(file)
        for call in _calls(file):
            grammar = GRAMMAR.get(ast.unparse(call.func).rpartition(".")[2])
            name = _first(call) or constants.get(ast.unparse(call.args[0]) if call.args else "", "not a constant")
            if grammar and not re.fullmatch(grammar, name):
                yield f"{file.path}:{call.lineno} {name}"


def loose_events(tree: Tree) -> Iterator[str]:
    for file, call in _log_calls(tree):
        if not re.fullmatch(r"[a-z]+(?:_[a-z0-9]+)+", event := _first(call) or "not a constant"):
            yield f"{file.path}:{call.lineno} {event}"


def private_fields(tree: Tree) -> Iterator[str]:
    for file, call in _log_calls(tree):
        for field in call.keywords:
            if field.arg and PRIVATE.fullmatch(field.arg):
                yield f"{file.path}:{call.lineno} {field.arg}"


def _log_calls(tree: Tree) -> Iterator[tuple[File, ast.Call]]:
    for file in tree.texts(".py", under=CODE, but=("tests/",)):
        for call in _calls(file):
            logger, _, level = ast.unparse(call.func).rpartition(".")
            if level in LEVELS and re.fullmatch(r"(?:.*\.)?_?(?:log|logger)", logger):
                yield file, call


def _calls(file: File) -> Iterator[ast.Call]:
    return (node for node in file.nodes() if isinstance(node, ast.Call))


def _constants(file: File) -> dict[str, str]:
    """Names that stand for one text in this file."""
    return {
        ast.unparse(node.targets[0]): node.value.value
        for node in file.nodes()
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def _first(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def test_a_metric_says_whose_it_is_and_in_what_unit() -> None:
    keep(
        misnamed_metrics,
        "Rules and dashboards name metrics as text: `buhbot_…`, counters end `_total`, histograms in their unit"
        f" ({UNITS}), gauges never in `_total`.",
    )


def test_an_event_is_a_constant() -> None:
    keep(loose_events, 'Events are counted and searched: log.info("request_acknowledged", request_id=...).')


def test_no_log_field_is_private() -> None:
    keep(private_fields, "Logs leave the building. Log ids and counts; never texts, names, addresses or tokens.")


def test_the_telemetry_rules_bite() -> None:
    head = "from prometheus_client import Counter, Gauge, Histogram\n"
    for bad in ('Counter("buhbot_updates", "d")', 'Counter("updates_total", "d")', 'Gauge("buhbot_open_total", "d")'):
        assert objections(misnamed_metrics, {"bot/a.py": head + bad}), bad
    for bad in ('Histogram("buhbot_request_milliseconds", "d")', 'Histogram(f"buhbot_{x}_seconds", "d")'):
        assert objections(misnamed_metrics, {"bot/a.py": head + bad}), bad
    for good in (
        'Counter("buhbot_updates_total", "d")',
        'Gauge("buhbot_up", "d")',
        'Histogram("buhbot_a_seconds", "d")',
    ):
        assert not objections(misnamed_metrics, {"bot/a.py": head + good}), good
    assert not objections(misnamed_metrics, {"bot/a.py": head + 'NAME = "buhbot_a_total"\nCounter(NAME, "d")'})
    assert not objections(misnamed_metrics, {"bot/a.py": "from collections import Counter\nCounter(words)"})

    for bad in ('log.info(f"sent {id}")', 'log.info("Message sent")', "self._log.warning(text)", 'log.error("failed")'):
        assert objections(loose_events, {"jobs/a.py": bad}), bad
    assert not objections(loose_events, {"jobs/a.py": 'log.info("message_sent", outbox_id=1)\nmath.log(2)'})

    assert objections(private_fields, {"bot/a.py": 'log.info("message_seen", text=text)'}) == ["bot/a.py:1 text"]
    assert not objections(private_fields, {"bot/a.py": 'log.info("message_seen", chat_id=1); send(text=1)'})
