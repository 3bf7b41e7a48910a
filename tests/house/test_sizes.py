"""Code is read by someone tired: short functions, short files."""

import ast
from collections.abc import Iterator

from tests.house.tree import CODE, Tree, keep, objections

FUNCTION_LINES = 40
FILE_LINES = 300


def long_functions(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", under=CODE):
        for node in file.nodes():
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{file.path}:{node.lineno} {node.name}: {lines} lines"


def long_files(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", ".html", ".js", ".mjs", ".sh"):
        lines = file.text.count("\n")
        if lines > FILE_LINES:
            yield f"{file.path}: {lines} lines"


def test_no_function_is_longer_than_a_screen() -> None:
    keep(
        long_functions,
        f"A function fits on one screen ({FUNCTION_LINES} lines). Give a step of it a name of its own.",
    )


def test_no_file_is_longer_than_one_sitting() -> None:
    keep(long_files, f"A file holds one subject ({FILE_LINES} lines at most). Find the second subject and move it out.")


def test_the_bounds_bite() -> None:
    just, over = "    pass\n" * (FUNCTION_LINES - 1), "    pass\n" * FUNCTION_LINES
    assert not objections(long_functions, {"bot/a.py": "def f():\n" + just})
    assert objections(long_functions, {"bot/a.py": "def f():\n" + over}) == [
        f"bot/a.py:1 f: {FUNCTION_LINES + 1} lines"
    ]
    assert objections(long_functions, {"bot/a.py": "class A:\n  async def f():\n" + over})
    assert not objections(long_files, {"a.html": "\n" * FILE_LINES, "admin/static/vendor/a.js": "\n" * 9999})
    assert objections(long_files, {"a.html": "\n" * (FILE_LINES + 1)})
