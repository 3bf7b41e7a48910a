"""Programs that production has and a bare machine has not: what is installed, else Debian's package, only unpacked."""

import fcntl
import shutil
import subprocess

from tests.stack import ROOT

UNPACKED = ROOT / ".local/debian"
_INSTALLED = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
# Where the libraries lie that a program's package asks for.
LIBRARIES = UNPACKED / "usr/lib/x86_64-linux-gnu"


def program(name: str, package: str, *libraries: str) -> str:
    """Return the path of a program, fetched first if need be. Nothing is installed and no service starts.

    One that needs packages of `libraries` finds them with LIBRARIES in LD_LIBRARY_PATH.
    """
    if found := shutil.which(name, path=f"{_INSTALLED}:{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin"):
        return found
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / "lock").open("w") as lock:
        # The parts of the tests run side by side.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _fetch(*libraries, package)
    found = shutil.which(name, path=f"{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin")
    assert found, f"{name} is missing: install Debian's {package}, or let apt-get download it"
    return found


def _fetch(*packages: str) -> None:
    if missing := [package for package in packages if not list(UNPACKED.glob(f"{package}_*.deb"))]:
        for command in (["apt-get", "update"], ["apt-get", "download", *missing]):
            subprocess.run(command, cwd=UNPACKED, check=False, capture_output=True)
    for package in packages:
        for found in UNPACKED.glob(f"{package}_*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(found), str(UNPACKED)], check=True)
