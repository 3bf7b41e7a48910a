"""The repository as the house rules see it: paths and texts, read once, or made up to prove that a rule bites."""

import ast
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PROCESSES = ("admin/", "bot/", "jobs/")
CODE = (*PROCESSES, "infra/", "tests/")
# Other people's work, kept as they made it.
VENDORED = ("admin/static/vendor/",)
LOCKS = ("package-lock.json", "uv.lock")


@dataclass(frozen=True)
class File:
    """One file; the path is relative to the root."""

    path: str
    text: str

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    def at(self, offset: int) -> str:
        """Return `path:line` of a character, as editors and terminals link it."""
        return f"{self.path}:{self.text.count(chr(10), 0, offset) + 1}"

    def nodes(self) -> Iterator[ast.AST]:
        """Yield every node of a Python file."""
        return ast.walk(_parsed(self.text))


@dataclass(frozen=True)
class Tree:
    """Files by path; those without text (images, fonts) are left out."""

    files: Mapping[str, str]

    def texts(self, *endings: str, under: tuple[str, ...] = ("",), but: tuple[str, ...] = ()) -> Iterator[File]:
        """Yield our own files by ending (any, when none is given), from these folders and not from those."""
        for path, text in self.files.items():
            if path.endswith(endings or ("",)) and path.startswith(under) and not path.startswith((*but, *VENDORED)):
                yield File(path, text)


Rule = Callable[[Tree], Iterator[str]]


@cache
def repository() -> Tree:
    """Return what git tracks or would offer to add."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    paths = sorted({path for path in listed.split("\0") if path})
    return Tree({path: text for path in paths if (text := _text(ROOT / path)) is not None})


def keep(rule: Rule, why: str) -> None:
    """Fail with the reason, and with every place that breaks the rule."""
    if found := sorted(rule(repository())):
        pytest.fail("\n".join([why, *(f"  {line}" for line in found)]), pytrace=False)


def objections(rule: Rule, files: Mapping[str, str]) -> list[str]:
    """Return what the rule says about a made-up repository."""
    return sorted(rule(Tree(files)))


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _text(path: Path) -> str | None:
    """None for what has no text of its own: binary, a link, or gone from the work tree."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
