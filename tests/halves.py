"""`make test`: two halves of the tests side by side, each on a stack of its own, because most of a test is waiting.

What the first half says is shown as it comes, what the second says when both have ended. Exit code 1 when one failed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
# Ports beside those that the tests of the local stack use themselves.
OFFSETS = (1900, 1700)
FIRST = {"admin", "attack", "bench", "e2e", "faults"}
# Part of `make check`.
CHECKED = {"house"}


def halves() -> tuple[list[str], list[str]]:
    """Return the folders of each half; one that is new belongs to the second."""
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and any(path.glob("test_*.py"))} - CHECKED
    return sorted(f"tests/{name}" for name in FIRST), sorted(f"tests/{name}" for name in folders - FIRST)


def main() -> None:
    """Run both to their ends."""
    with tempfile.TemporaryFile("w+") as later:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "pytest", f"--stack-offset={offset}", *folders],
                cwd=HERE.parent,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
            )
            for offset, folders, output in zip(OFFSETS, halves(), (None, later), strict=True)
        ]
        try:
            codes = [process.wait() for process in running]
        except KeyboardInterrupt:
            # They heard it, too, and take their stacks down.
            codes = [process.wait() for process in running]
        later.seek(0)
        sys.stdout.write(later.read())
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
