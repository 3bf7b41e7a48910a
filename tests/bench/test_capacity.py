"""The capacity table says what the bench measured, and nothing that it did not."""

import json
from pathlib import Path

import pytest

from tests.bench import capacity

BENCH = [
    *({"name": "intake", "value": 2000.0}, {"name": "clock", "value": 60_000.0}),
    *({"name": "sweep of 10000 due windows", "value": 1.0}, {"name": "/ of admin", "value": 20.0}),
    {"name": "live, all of 500 open pages fresh", "value": 3.0},
]


def test_the_narrowest_line_is_what_the_machine_carries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(BENCH))
    capacity.main(file)
    printed = capsys.readouterr().out
    for name, chats in (
        ("messages in", "180,000"),
        ("windows overdue at once", "250,000"),
        ("pages kept fresh", "2,500"),
    ):
        (line,) = (line for line in printed.splitlines() if line.startswith(name))
        assert line.endswith(chats)
    assert "one bot carries 2,500 chats; first to end: pages kept fresh" in printed


def test_without_figures_it_says_how_to_get_them(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    for wrote in (None, [{"name": "/ of admin", "value": 20.0}]):
        if wrote:
            file.write_text(json.dumps(wrote))
        with pytest.raises(SystemExit, match="run `make bench`"):
            capacity.main(file)
