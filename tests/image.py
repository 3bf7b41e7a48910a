"""What infra/docker/Dockerfile puts into the image, laid out without Docker."""

import re
import shutil
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.stack import ROOT

DOCKERFILE = "infra/docker/Dockerfile"


class Step(NamedTuple):
    """One instruction: `COPY`, and `admin ./admin/`."""

    kind: str
    rest: str


def steps(dockerfile: str) -> list[Step]:
    """Return the instructions in their order."""
    lines = re.sub(r"\\\n\s*", "", dockerfile).splitlines()
    return [Step(*line.split(maxsplit=1)) for line in lines if re.match("[A-Z]", line)]


def copied(dockerfile: str) -> list[tuple[str, str]]:
    """Return what is copied from the project, and to where."""
    found = []
    for step in steps(dockerfile):
        *sources, target = step.rest.split()
        if step.kind == "COPY" and not sources[0].startswith("--from"):
            found += [(source, target) for source in sources]
    return found


def lay_out(folder: Path) -> None:
    """Copy what COPY names, out of what is in git."""
    for source, target in copied((ROOT / DOCKERFILE).read_text()):
        # A folder is copied without its own name, a file by its name.
        above = source if (ROOT / source).is_dir() else Path(source).parent
        for file in _tracked():
            if fnmatch(file.as_posix(), f"{source}/*") or (file.parent == Path(source).parent and file.match(source)):
                place = folder / target / file.relative_to(above)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / file, place)


@cache
def _tracked() -> list[Path]:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]
