"""Nothing is left half done, hushed up or waited out."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import Tree, keep, objections

SOURCES = (".py", ".sql", ".js", ".mjs", ".html", ".css", ".sh", ".yml", ".toml", ".conf", "Makefile", ".ci/run")
NOTES = re.compile("|".join((r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", "NotImplemented" + "Error")))
HUSHED = re.compile(r"\|\|\s*(?:tr" + r"ue\b|:(?=\s|$))", re.MULTILINE)


def notes(tree: Tree) -> Iterator[str]:
    for file in tree.texts(*SOURCES):
        for found in NOTES.finditer(file.text):
            yield f"{file.at(found.start())} {found[0]}"


def hushed(tree: Tree) -> Iterator[str]:
    for file in tree.texts(*SOURCES):
        for found in HUSHED.finditer(file.text):
            yield f"{file.at(found.start())} {found[0]}"


def sleeps(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", under=("tests/",)):
        for node in file.nodes():
            if isinstance(node, ast.Call) and (call := ast.unparse(node)).startswith(("time.sleep(", "asyncio.sleep(")):
                pause = node.args[0] if node.args else None
                if call.startswith("time.") or not isinstance(pause, ast.Constant) or float(str(pause.value)) >= 1:
                    yield f"{file.path}:{node.lineno} {call}"


def test_nothing_is_left_for_later() -> None:
    keep(notes, "A note in the code has no reader. Do it, or open an issue and leave a comment that says why it is so.")


def test_no_failure_is_hushed() -> None:
    keep(hushed, "A command that may fail says for which reason it may, and all others stop it: test for that reason.")


def test_no_test_sleeps() -> None:
    keep(sleeps, "A sleep is too short on a bad day and too long on all others. Poll for the fact, with a deadline.")


def test_the_leftover_rules_bite() -> None:
    assert objections(notes, {"a.py": "# TO" + "DO later"}) == ["a.py:1 TO" + "DO"]
    assert objections(notes, {"a.py": "raise NotImplemented" + "Error"})
    assert not objections(notes, {"a.py": "PTxxx, todos, method", "a.md": "FIX" + "ME"})
    assert objections(hushed, {"Makefile": "\tkill 1 || tr" + "ue\n"})
    assert objections(hushed, {".ci/run": "kill 1 ||" + " :\n"})
    assert objections(sleeps, {"tests/a.py": "import time\ntime.sleep(0.01)"}) == ["tests/a.py:2 time.sleep(0.01)"]
    assert objections(sleeps, {"tests/a.py": "asyncio.sleep(2)"})
    assert objections(sleeps, {"tests/a.py": "asyncio.sleep(delay)"})
    assert not objections(sleeps, {"tests/a.py": "asyncio.sleep(0.05)", "infra/local/a.py": "time.sleep(1)"})
