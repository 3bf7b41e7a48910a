"""The folder tree is the table of contents: every name says what is inside, and every package is under contract."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.tree import Tree, keep, objections

JUNK_DRAWERS = {"common", "core", "helper", "helpers", "misc", "util", "utils"}
TARGETS = ("bench", "calendar", "check", "demo", "down", "i18n", "policies", "reset", "test", "up")


def junk_drawers(tree: Tree) -> Iterator[str]:
    for file in tree.texts():
        words = {word for part in PurePosixPath(file.path).parts for word in re.split(r"[._-]", part.lower())}
        for word in sorted(words & JUNK_DRAWERS):
            yield f"{file.path}: {word}"


def misplaced_inits(tree: Tree) -> Iterator[str]:
    for file in tree.texts("__init__.py"):
        if file.path.startswith("supabase/"):
            yield f"{file.path}: shadows the library of that name; the folder holds SQL, delete this file"
        elif file.path in {"bot/__init__.py", "bot/messages/__init__.py"} and file.text:
            yield f"{file.path}: jobs pay for every line here when they import bot.messages; leave it empty"


def packages_without_contract(tree: Tree) -> Iterator[str]:
    linted = tomllib.loads(tree.files["pyproject.toml"])["tool"]["importlinter"]["root_packages"]
    for file in tree.texts("/__init__.py"):
        package, _, rest = file.path.partition("/")
        if rest == "__init__.py" and package not in linted:
            yield f"{package}: add it to root_packages in pyproject.toml and say there what it may import"


def missing_targets(tree: Tree) -> Iterator[str]:
    for target in TARGETS:
        if not re.search(rf"^{target}:", tree.files.get("Makefile", ""), re.MULTILINE):
            yield f"make {target}"


def test_no_folder_or_file_is_a_junk_drawer() -> None:
    keep(junk_drawers, "A name says what is inside. Name the thing after what it does, or move it to its only reader.")


def test_package_markers_are_where_they_do_no_harm() -> None:
    keep(misplaced_inits, "An __init__.py runs whenever anything beside it is imported.")


def test_every_package_is_under_an_import_contract() -> None:
    keep(packages_without_contract, "import-linter looks only at the packages it is told about.")


def test_the_makefile_keeps_its_contract() -> None:
    keep(missing_targets, "People, CI and outside tools call these targets by name. Missing from the Makefile:")


def test_the_layout_rules_bite() -> None:
    for path in ("bot/utils.py", "bot/core/a.py", "admin/static/date-helpers.js", "tests/common.py", "misc/a.sql"):
        assert objections(junk_drawers, {path: ""}), path
    assert not objections(junk_drawers, {"bot/commands.py": "", "bot/score.py": ""})
    assert objections(misplaced_inits, {"supabase/__init__.py": ""})
    assert objections(misplaced_inits, {"bot/__init__.py": "import aiogram\n"})
    contract = '[tool.importlinter]\nroot_packages = ["bot"]\n'
    assert objections(packages_without_contract, {"pyproject.toml": contract, "web/__init__.py": ""})
    assert not objections(packages_without_contract, {"pyproject.toml": contract, "bot/__init__.py": ""})
    assert "make up" in objections(missing_targets, {"Makefile": "down: up\n"})
