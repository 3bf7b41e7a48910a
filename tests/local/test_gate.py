import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts

OPTION = "def pytest_addoption(parser):\n    parser.addoption('--stack-offset')\n"
GOOD, BAD = "def test_it():\n    pass\n", "def test_it():\n    assert 2 + 2 == 5\n"


@pytest.mark.parametrize(("folder", "code"), [("", 0), ("admin", 1), ("e2e", 1), ("sql", 1)])
def test_i16_one_failing_test_in_any_part_ends_the_run_badly(tmp_path: Path, folder: str, code: int) -> None:
    tests = tmp_path / "tests"
    for name in (*parts.FIRST, *parts.SECOND, "sql"):
        (tests / name).mkdir(parents=True)
        (tests / name / f"test_{name}.py").write_text(BAD if name == folder else GOOD)
    (tests / "conftest.py").write_text(OPTION)
    shutil.copy(parts.__file__, tests)
    # Twelve bare runs of pytest: what it loads for other tests takes longer than they do.
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "tests.parts"], cwd=tmp_path, env=bare, capture_output=True, text=True, check=False
    )
    assert run.returncode == code, run.stdout
