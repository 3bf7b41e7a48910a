"""`python -m tests.old_code REF [TEST …]`: what served before goes on working while, and after, this tree migrates.

The files of REF are laid out in `.local/old-code/`, get the migrations of this tree in the place of their own, and run
their own tests against them: `tests/e2e`, unless others are named. Exit code 1 when one fails: then a migration takes
away what the older code needs, and belongs into a later release (expand, deploy, contract).
"""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT

_MIGRATIONS = "supabase/migrations"
# One for each side of what is installed.
_LOCKS = {"package-lock.json": "node_modules", "uv.lock": ".venv"}
# Ports beside those of every other stack of the tests.
OFFSET = 1600


def lay_out(ref: str, folder: Path) -> None:
    """Put the files of a commit into the folder, with our migrations."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", ref], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    shutil.rmtree(folder / _MIGRATIONS)
    shutil.copytree(ROOT / _MIGRATIONS, folder / _MIGRATIONS)


def install(folder: Path) -> None:
    """Lend it our packages where its lock file names the same, and let it install the others."""
    lent = [installed for lock, installed in _LOCKS.items() if filecmp.cmp(ROOT / lock, folder / lock, shallow=False)]
    for installed in lent:
        (folder / installed).symlink_to(ROOT / installed)
    if len(lent) < len(_LOCKS):
        subprocess.run([sys.executable, "infra/local/install.py", "tests"], cwd=folder, check=True)


def main(ref: str, *tests: str) -> None:
    """Run the old tests to their end."""
    folder = ROOT / ".local/old-code" / ref.replace("/", "-")
    lay_out(ref, folder)
    install(folder)
    os.chdir(folder)
    # As its own tests run, whatever the caller's shell has sourced of ours.
    command = [".venv/bin/python", "-m", "pytest", f"--stack-offset={OFFSET}", *(tests or ("tests/e2e",))]
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
