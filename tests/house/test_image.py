"""The image is made of what is pinned, holds what its processes need, and runs as nobody in particular."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions

from tests.house.tree import ROOT, Tree, keep, objections, repository
from tests.image import DOCKERFILE, Step, copied, steps

# Exact to the last number, or by digest.
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$|:v?\d+\.\d+\.\d+[\w.-]*$")
_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|_KEY\b")


def stages(tree: Tree) -> list[list[Step]]:
    """Return the instructions of each stage, the last one's last; each begins with its FROM."""
    found: list[list[Step]] = []
    for step in steps(tree.files.get(DOCKERFILE, "")):
        if step.kind == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


def loose_images(tree: Tree) -> Iterator[str]:
    for stage in stages(tree):
        image = stage[0].rest.split(" AS ")[0]
        if not PINNED.search(image):
            yield f"{DOCKERFILE}: {image}"


def dangerous_steps(tree: Tree) -> Iterator[str]:
    for step in (step for stage in stages(tree) for step in stage):
        if step.kind == "ADD":
            yield f"{DOCKERFILE}: ADD {step.rest}: fetches and unpacks; COPY what is in git"
        if step.kind in {"ARG", "ENV"} and _SECRET.search(step.rest):
            yield f"{DOCKERFILE}: {step.kind} {step.rest}: stays in the image for everybody to read"


def unfit_last_stages(tree: Tree) -> Iterator[str]:
    last = {step.kind: step.rest for step in (stages(tree) or [[]])[-1]}
    if not re.fullmatch(r"[1-9]\d+:[1-9]\d+", last.get("USER", "")):
        yield f"{DOCKERFILE}: USER must be a number, and not root's"
    if "RUN" in last:
        yield f"{DOCKERFILE}: RUN {last['RUN']}: make it in an earlier stage, and copy what comes of it"
    if "infra.probe" not in last.get("HEALTHCHECK", ""):
        yield f"{DOCKERFILE}: HEALTHCHECK must ask the process itself"


def other_installers(tree: Tree) -> Iterator[str]:
    locked = re.search(r'name = "uv"\nversion = "([^"]+)"', tree.files.get("uv.lock", ""))
    if not locked or not re.search(
        rf"^FROM ghcr.io/astral-sh/uv:{re.escape(locked[1])} ", tree.files[DOCKERFILE], re.MULTILINE
    ):
        yield f"{DOCKERFILE}: uv must be the one of uv.lock, {locked and locked[1]}"
    if "RUN uv sync --frozen --no-default-groups --no-build" not in tree.files[DOCKERFILE]:
        yield f"{DOCKERFILE}: packages must be those of uv.lock, without the groups of tests, and none compiled here"


def unsent_sources(tree: Tree) -> Iterator[str]:
    """What .dockerignore lets pass and what the Dockerfile copies must be the same."""
    sent = {line[1:] for line in tree.files.get(".dockerignore", "").splitlines() if line.startswith("!")}
    yield from (
        f".dockerignore: {source}" for source in sent ^ {source for source, _ in copied(tree.files[DOCKERFILE])}
    )


def imported(tree: Tree) -> dict[str, str]:
    """Return a place for each top-level module that the files of the image import."""
    found: dict[str, str] = {}
    for file in tree.texts(".py", under=("admin/", "bot/", "jobs/", "infra/")):
        # Of infra the image has the modules and the doctor; of the doctor's, one looks where the image has no way to.
        if re.match(r"infra/(?!doctor/)\w+/", file.path):
            continue
        for node in file.nodes():
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0]: file.path for name in names}
    return found


def missing_packages(tree: Tree, homes: Mapping[str, list[str]], installed: set[str]) -> Iterator[str]:
    for module, path in imported(tree).items():
        packages = {re.sub(r"[-_.]+", "-", name).lower() for name in homes.get(module, ())}
        if packages and not packages & installed:
            yield f"{path}: {module}"


def test_every_part_of_the_image_is_pinned() -> None:
    keep(loose_images, "Tomorrow's build must be today's. Name the version to its last number, or the digest:")
    keep(other_installers, "One installer, one list of packages.")
    keep(unsent_sources, "Either sent for nothing, or missing when the image is built:")


def test_the_image_gives_nothing_away_and_runs_as_nobody() -> None:
    keep(dangerous_steps, "An image is read by everybody who may pull it.")
    keep(unfit_last_stages, "What runs is the last stage:")


def test_the_image_installs_whatever_its_processes_import() -> None:
    command = [".venv/bin/uv", "export", "--frozen", "--no-default-groups", "--no-hashes", "--no-annotate", "--quiet"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    installed = set(re.findall(r"^([a-z0-9-]+)", listed, re.MULTILINE))
    found = sorted(missing_packages(repository(), packages_distributions(), installed))
    assert not found, "only the groups of tests and of the local stack have it; put it into dependencies"


def test_the_image_rules_bite() -> None:
    good = "FROM python:3.11.1-slim AS made\nRUN x\nFROM python:3.11.1-slim\nUSER 7:70\nUSER 10:10\n"
    good += 'HEALTHCHECK CMD ["infra.probe"]\nCOPY admin infra/*.py ./\n'
    for rule in (loose_images, dangerous_steps, unfit_last_stages):
        assert not objections(rule, {DOCKERFILE: good}), rule
    for bad in ("FROM python:3.11", "FROM python:latest", "FROM python"):
        assert objections(loose_images, {DOCKERFILE: bad})
    for bad in ("ADD https://a.example/b /b", "ARG API_TOKEN", "ENV DB_PASSWORD=a"):
        assert objections(dangerous_steps, {DOCKERFILE: f"{good}{bad}\n"})
    for bad in (good.replace("10:10", "root"), good + "RUN make\n", good.replace("infra.probe", "true")):
        assert len(objections(unfit_last_stages, {DOCKERFILE: bad})) == 1
    assert objections(unsent_sources, {DOCKERFILE: good, ".dockerignore": "*\n!admin\n!bot\n"}) == [
        ".dockerignore: bot",
        ".dockerignore: infra/*.py",
    ]
    assert len(objections(other_installers, {DOCKERFILE: good, "uv.lock": 'name = "uv"\nversion = "1.2.3"\n'})) == 2
    planted = Tree({"bot/a.py": "import psycopg\nimport httpx\nimport os\nimport bot"})
    homes = {"psycopg": ["psycopg"], "httpx": ["HTTPX"]}
    assert list(missing_packages(planted, homes, {"httpx"})) == ["bot/a.py: psycopg"]
