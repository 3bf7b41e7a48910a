"""Smaller stacks, and clones, for tests that start and break their own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import ROOT, Stack

DATA_PARTS = ("gateway", "postgrest", "redis-queue")


@pytest.fixture
def small(turn: None) -> Iterator[Stack]:
    """A stack without the three processes, not started yet, beside the one that other tests use."""
    own = Stack(offset=1800, names=DATA_PARTS)
    own.wipe()
    yield own
    own.wipe()


@pytest.fixture
def clone(turn: None, tmp_path: Path) -> Iterator[Path]:
    """Another copy of the code, with spaces and Cyrillic in its path and nothing installed."""
    folder = tmp_path / "мой клон # 100%"
    local = shutil.ignore_patterns(".git", ".venv", ".local", "node_modules", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=local)
    yield folder
    Stack(offset=1800, root=folder).wipe()
