"""The table tells the truth: a missed target is named, and a pair of runs is compared within itself."""

import json
from pathlib import Path

from tests.bench.results import Measure, Target, beside, table, verdict, write

FAST = Measure("clock", 62_500.4, "deadlines/s", Target("value", ">=", 50_000), floor=1_000_000, ratio=0.06)
SLOW = Measure("intake", 2_000, "messages/s", Target("ratio", ">=", 0.6), floor=5_000, ratio=0.4)


def test_a_target_bounds_the_value_or_the_ratio_from_one_side() -> None:
    assert FAST.met
    assert not SLOW.met
    assert Measure("sweep", 2, "s", Target("value", "<=", 2)).met
    assert not Measure("sweep", 2.01, "s", Target("value", "<=", 2)).met
    assert not Measure("intake", 9_999, "messages/s", Target("ratio", ">=", 0.6)).met


def test_runs_are_compared_in_pairs_and_one_bad_moment_does_not_count() -> None:
    pairs = [(60.0, 100.0), (30.0, 50.0), (1.0, 100.0)]
    measure = beside("intake", "messages/s", Target("ratio", ">=", 0.6), pairs)
    assert (measure.value, measure.floor, measure.ratio) == (30.0, 100.0, 0.6)


def test_the_table_is_aligned_and_ends_with_what_is_missed() -> None:
    header, first, second = table([FAST, SLOW])
    assert first.startswith("clock   62 500 deadlines/s  1 000 000 deadlines/s")
    assert second.endswith("0.40  ratio >= 0.6    missed")
    assert header.index("target") == first.index("value >=") == second.index("ratio >=")
    assert verdict([FAST, SLOW]) == "missed: intake"
    assert verdict([FAST]) == "all targets met"


def test_the_file_has_what_tools_read(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    write([FAST, SLOW], file)
    fast, slow = json.loads(file.read_text())
    assert list(fast) == ["name", "value", "unit", "floor", "ratio", "target", "met"]
    assert fast["met"] is True
    assert (slow["ratio"], slow["target"], slow["met"]) == (0.4, "ratio >= 0.6", False)
