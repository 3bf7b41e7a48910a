"""Settings come in by one door per process, and the door is labelled in `.env.example`."""

import ast
import re
from collections.abc import Iterator

from tests.house.tree import CODE, Tree, keep, objections

EXAMPLE = ".env.example"
VARIABLE = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$")
# The launchers set variables and the Makefile passes them on; each may be the reader that a documented variable has.
LAUNCHERS = ("infra/local/", "docker-compose.prod.yml", "Makefile", ".ci/run")


def environment_readers(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", under=CODE, but=("tests/",)):
        if file.name == "settings.py":
            continue
        for node in file.nodes():
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
                yield f"{file.path}:{node.lineno} {ast.unparse(node)}"
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                names = {alias.name for alias in node.names} & {"environ", "environb", "getenv"}
                yield from (f"{file.path}:{node.lineno} from os import {name}" for name in sorted(names))


def settings(tree: Tree) -> dict[str, str]:
    """Return `path:line` of every field of a settings class, by the name of its variable."""
    found: dict[str, str] = {}
    for file in tree.texts("/settings.py"):
        for node in file.nodes():
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Settings") for base in node.bases):
                for field in node.body:
                    if isinstance(field, ast.AnnAssign) and not ast.unparse(field.annotation).startswith("ClassVar"):
                        found[_variable(field)] = f"{file.path}:{field.lineno}"
    return found


def _variable(field: ast.AnnAssign) -> str:
    """An alias, when the field has one, is the variable's name."""
    if isinstance(field.value, ast.Call):
        for keyword in field.value.keywords:
            if keyword.arg in {"alias", "validation_alias"} and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value).upper()
    return ast.unparse(field.target).upper()


def documented(tree: Tree) -> dict[str, int]:
    """Return the line of every variable in `.env.example`."""
    lines = tree.files.get(EXAMPLE, "").splitlines()
    return {found[1]: number for number, line in enumerate(lines, 1) if (found := VARIABLE.match(line))}


def undocumented_settings(tree: Tree) -> Iterator[str]:
    known = documented(tree)
    yield from (f"{where} {name}" for name, where in settings(tree).items() if name not in known)


def documented_for_nobody(tree: Tree) -> Iterator[str]:
    read = settings(tree)
    launchers = "\n".join(file.text for file in tree.texts(under=LAUNCHERS))
    for name, line in documented(tree).items():
        if name not in read and not re.search(rf"\b{name}\b", launchers):
            yield f"{EXAMPLE}:{line} {name}"


def unexplained_variables(tree: Tree) -> Iterator[str]:
    before, seen = "", set[str]()
    for number, line in enumerate(tree.files.get(EXAMPLE, "").splitlines(), 1):
        found = VARIABLE.match(line)
        if found and not re.match(r"# \S.*[.:)]$", before):
            yield f"{EXAMPLE}:{number} {found[1]}: no comment line above it"
        elif found and found[1] in seen:
            yield f"{EXAMPLE}:{number} {found[1]}: said twice"
        elif found and re.search(r"SECRET|TOKEN|_KEY$|PASSWORD", found[1]) and found[2]:
            yield f"{EXAMPLE}:{number} {found[1]}: a secret has no default; leave it empty and say how to make one"
        elif line and not found and not line.startswith("#"):
            yield f"{EXAMPLE}:{number}: neither a comment nor NAME=value"
        if found:
            seen.add(found[1])
        before = line


def test_only_settings_modules_read_the_environment() -> None:
    keep(
        environment_readers,
        "What a process depends on is written in its settings.py. Add a field there and pass the value in"
        " (tests may look: they stand outside the processes).",
    )


def test_every_setting_is_documented() -> None:
    keep(undocumented_settings, "An operator learns of a setting from .env.example only. Say there what it does:")


def test_every_documented_variable_is_read() -> None:
    keep(documented_for_nobody, "Nobody reads this variable: an operator who sets it would be deceived. Delete it.")


def test_every_documented_variable_is_explained() -> None:
    keep(unexplained_variables, "Above each variable stands one sentence: what it does, where its value comes from.")


def test_the_settings_rules_bite() -> None:
    for line in ("import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ"):
        assert objections(environment_readers, {"bot/intake.py": line})
        assert not objections(environment_readers, {"bot/settings.py": line})

    code = "class BotSettings(ProcessSettings):\n    port: int = 3000\n    url: str = Field(alias='WEBHOOK_URL')\n"
    planted = {"bot/settings.py": code, EXAMPLE: "# Where it listens.\nPORT=3000\n"}
    assert objections(undocumented_settings, planted) == ["bot/settings.py:3 WEBHOOK_URL"]

    planted[EXAMPLE] += "# What Telegram calls.\nWEBHOOK_URL=\n# Gone.\nOLD=1\n# How far to shift.\nPORT_OFFSET=0\n"
    planted["Makefile"] = "up: ; PORT_OFFSET=$(PORT_OFFSET)"
    assert not objections(undocumented_settings, planted)
    assert objections(documented_for_nobody, planted) == [f"{EXAMPLE}:6 OLD"]

    assert not objections(unexplained_variables, planted)
    for text in ("PORT=1", "# One.\n\nPORT=1", "# One.\nA=\n# Two.\nA=", "# Key.\nSESSION_SECRET=abc", "PORT: 1"):
        assert len(objections(unexplained_variables, {EXAMPLE: text})) == 1, text
