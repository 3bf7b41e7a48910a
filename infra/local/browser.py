"""Brings Chromium, in which the page tests run: what is there, else Debian's package, else Playwright's own build.

`python3 infra/local/browser.py`, after the packages are installed
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

NAME = "chromium"
# Debian's build without windows: a page costs it a third of what it costs the whole browser.
SHELL = "chromium-headless-shell"
PYTHON = Path(__file__).resolve().parents[2] / ".venv/bin/python"


def main() -> None:
    """Return when the browser is there."""
    if shutil.which(SHELL) or shutil.which(NAME) or has_playwrights():
        return
    print(f"installing the Debian package {SHELL} with apt-get, for the page tests", flush=True)
    update, install = ["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", SHELL]
    if as_root(update) and as_root(install) and shutil.which(SHELL):
        return
    # Ubuntu has no such package, only a snap.
    print("there is none: installing the build that Playwright offers, and the libraries it needs", flush=True)
    playwright = [str(PYTHON), "-m", "playwright"]
    if not (as_root([*playwright, "install-deps", NAME]) and run([*playwright, "install", NAME])):
        give_up()


def has_playwrights() -> bool:
    """Whether Playwright has downloaded its own build before."""
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as own: print(own.chromium.executable_path)"
    answer = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and Path(answer.stdout.strip()).exists()


def as_root(command: list[str]) -> bool:
    """Run a command as root, through sudo if need be; only a terminal can be asked for a password."""
    prefix: list[str] = []
    if os.geteuid() != 0:
        prefix = ["sudo"] if sys.stdin.isatty() else ["sudo", "--non-interactive"]
    if not all(shutil.which(tool) for tool in (*prefix[:1], "env", command[0])):
        return False
    return run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command])


def run(command: list[str]) -> bool:
    """Run a command and say whether it went well."""
    return subprocess.run(command, check=False).returncode == 0


def give_up() -> NoReturn:
    """End with the one line that says what is missing."""
    sys.exit(f"{NAME} is missing for the page tests, and neither apt-get as root nor Playwright could install it")


if __name__ == "__main__":
    main()
