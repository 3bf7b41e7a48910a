"""Monitoring: each alert says what it means and what to do, each metric exists, and programs take their files."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from tests.debian import program
from tests.house.test_telemetry import GRAMMAR
from tests.house.tree import CODE, File, Tree, keep, objections
from tests.monitoring import ALERTMANAGER, PROMETHEUS, without_files

RULES, TESTS = "infra/prometheus/rules/", "infra/prometheus/tests/"
BOARDS, RUNBOOK = "infra/grafana/dashboards/", "infra/README.md"
SAYS = r'summary: ".+"\n +description: ".+"\n +runbook: infra/README\.md#'
GRID = 24
# What the backup writes into a file for the node exporter.
FROM_FILES = re.compile(r'"(buhbot_backup_\w+)"')


def wordless_alerts(tree: Tree) -> Iterator[str]:
    paragraphs = dict(re.findall(r"^#### (\w+)\n(\S.*)", tree.files.get(RUNBOOK, ""), re.MULTILINE))
    tried = "".join(file.text for file in tree.texts(".yml", under=(TESTS,)))
    alerts = [(file, *one) for file in tree.texts(".yml", under=(RULES,)) for one in _alerts(file)]
    for file, name, text in alerts:
        severity = re.search(r"severity: (critical|warning|none)\b", text)
        if not severity:
            yield f"{file.path} {name}: no severity"
        if not re.search(SAYS + name.lower() + "\n", text + "\n"):
            yield f"{file.path} {name}: no summary, description and runbook"
        if name not in paragraphs:
            yield f"{file.path} {name}: no paragraph in the runbook"
        fires = rf'alertname="{name}".*\n.*\n +exp_samples: \[.*severity="{severity[1] if severity else ""}"'
        if not re.search(fires, tried) or not re.search(rf'alertname="{name}".*\n.*\n +exp_samples: \[\]', tried):
            yield f"{file.path} {name}: no test in which it comes, or none in which it does not"
    yield from (f"{RUNBOOK} {name}: no such alert" for name in paragraphs.keys() - {name for _, name, _ in alerts})


def unknown_metrics(tree: Tree) -> Iterator[str]:
    known = {name for file in tree.texts(".py", under=CODE, but=("tests/", "infra/local/")) for name in _exported(file)}
    known |= {name for file in tree.texts(".py", under=("infra/backup/",)) for name in FROM_FILES.findall(file.text)}
    for file in tree.texts(".yml", ".json", under=(RULES, BOARDS)):
        for name in set(re.findall(r"\bbuhbot_\w+", file.text)):
            if not {name, re.sub("_(bucket|count|sum)$", "", name)} & known:
                yield f"{file.path} {name}"


def blind_boards(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".json", under=(BOARDS,)):
        board = json.loads(file.text)
        panels = board["panels"]
        if not (board["uid"] and board["title"] and board["schemaVersion"] >= 39 and panels):
            yield f"{file.path}: no uid, title, schema or panels"
        if len({panel["id"] for panel in panels}) < len(panels):
            yield f"{file.path}: an id is there twice"
        for panel in panels:
            place, name = panel["gridPos"], f"{file.path}: {panel['title']}"
            sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
            if any(source != {"type": "prometheus", "uid": "prometheus"} for source in sources):
                yield f"{name}: another source than the provisioned one"
            if not panel["description"] or (panel["type"] != "table" and not panel["fieldConfig"]["defaults"]["unit"]):
                yield f"{name}: no description or unit"
            if place["x"] + place["w"] > GRID:
                yield f"{name}: wider than the page"
        for one, other in combinations(panels, 2):
            if _overlap(one["gridPos"], other["gridPos"]):
                yield f"{file.path}: {one['title']} covers {other['title']}"


def _alerts(file: File) -> Iterator[tuple[str, str]]:
    """Each rule's name and text."""
    for text in file.text.split("- alert: ")[1:]:
        name, _, rest = text.partition("\n")
        yield name, rest


def _exported(file: File) -> Iterator[str]:
    if "prometheus_client" not in file.text:
        return
    constants: dict[str, str] = {}
    for node in file.nodes():
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                constants[name] = text
            case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(text)), *_]) if kind in GRAMMAR:
                yield text
            case ast.Call(func=ast.Name(id=kind), args=[ast.Name(id=name), *_]) if kind in GRAMMAR:
                yield constants.get(name, name)


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


def test_an_alert_says_what_it_means_and_is_tried() -> None:
    keep(
        wordless_alerts,
        "Whoever is woken by it needs a severity, a sentence, a reason, a paragraph of the runbook (#### Name), and the"
        f" certainty that it comes when it should and not otherwise ({TESTS}).",
    )


def test_rules_and_boards_ask_for_what_is_exported() -> None:
    keep(unknown_metrics, "A metric that no process exports is a silence that looks like health.")


def test_boards_can_be_read() -> None:
    keep(blind_boards, "Grafana shows a board as it is written: what is missing or covered nobody sees.")


def test_the_monitoring_rules_bite() -> None:
    words = 'summary: "a"\n  description: "b"\n  runbook: infra/README.md#gone'
    rule = f"- alert: Gone\n  labels: {{severity: critical}}\n  {words}"
    tried = 'expr: (ALERTS{alertname="Gone"})\n    eval_time: 1m\n    exp_samples: '
    comes, stays_away = tried + "[{labels: '{severity=\"critical\"}', value: 1}]\n", tried + "[]\n"
    good = {f"{RULES}a.yml": rule, f"{TESTS}a.yml": comes + stays_away, RUNBOOK: "#### Gone\nIt is gone.\n"}
    assert not objections(wordless_alerts, good)
    assert objections(wordless_alerts, good | {f"{TESTS}a.yml": comes})
    assert objections(wordless_alerts, good | {f"{TESTS}a.yml": stays_away})
    assert objections(wordless_alerts, good | {RUNBOOK: "#### Gone\n\n#### Other\nWhat?\n"})
    assert objections(wordless_alerts, good | {f"{RULES}a.yml": rule.replace("critical", "grave")})
    assert objections(wordless_alerts, good | {f"{RULES}a.yml": rule.replace("#gone", "#off")})

    head = "import prometheus_client\n"
    code = head + 'seconds = Histogram("buhbot_a_seconds", "d")\nNAME = "buhbot_b"\ng = Gauge(NAME, "d")'
    exported = {"bot/a.py": code}
    assert not objections(unknown_metrics, exported | {f"{RULES}a.yml": "rate(buhbot_a_seconds_bucket[5m]) + buhbot_b"})
    assert objections(unknown_metrics, exported | {f"{BOARDS}a.json": '"expr": "buhbot_c"'})

    source = {"type": "prometheus", "uid": "prometheus"}
    panel = {"id": 1, "title": "A", "description": "a", "type": "stat", "datasource": source, "targets": []}
    panel |= {"fieldConfig": {"defaults": {"unit": "s"}}, "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}}
    beside = panel | {"id": 2, "gridPos": {"x": 12, "y": 0, "w": 12, "h": 8}}
    board = {"uid": "a", "title": "A", "schemaVersion": 39, "panels": [panel, beside]}
    assert not objections(blind_boards, {f"{BOARDS}a.json": json.dumps(board)})
    for wrong in ({"id": 1}, {"gridPos": panel["gridPos"]}, {"description": ""}, {"datasource": {"uid": "other"}}):
        spoilt = board | {"panels": [panel, beside | wrong]}
        assert objections(blind_boards, {f"{BOARDS}a.json": json.dumps(spoilt)}), wrong


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_configuration_and_the_rules_do_what_their_tests_say() -> None:
    promtool = program("promtool", "prometheus")
    _run(promtool, "check", "config", PROMETHEUS / "prometheus.yml")
    _run(promtool, "test", "rules", *sorted(PROMETHEUS.glob("tests/*.yml")))


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    text = (ALERTMANAGER / "alertmanager.yml").read_text()
    (tmp_path / "templates").symlink_to(ALERTMANAGER / "templates")
    # Debian's is older than what production runs: it takes everything but the three files.
    own = without_files(text, token="1:a", chat_id=1, heartbeat="http://127.0.0.1/")
    (tmp_path / "alertmanager.yml").write_text(own)
    _run(program("amtool", "prometheus-alertmanager"), "check-config", tmp_path / "alertmanager.yml")


@pytest.mark.parametrize("module", ["health", "public"])
def test_blackbox_has_every_module_that_is_asked_for(module: str) -> None:
    blackbox = program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    config = PROMETHEUS.parent / "blackbox/blackbox.yml"
    _run(blackbox, "--config.check", f"--config.file={config}")
    assert f"\n  {module}:\n" in config.read_text()
    assert f"module: [{module}]" in (PROMETHEUS / "prometheus.yml").read_text()
