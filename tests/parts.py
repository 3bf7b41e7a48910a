"""`make test`: parts of the tests side by side, each on a stack of its own, because most of a test is waiting.

What the first part says is shown as it comes, what the others say when all have ended. Exit code 1 when one failed.
"""

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).parent
# Ports beside those that the tests of the local stack and the bench use.
OFFSETS = (1900, 1400, 1300)
# About as long as each other; the longest is waited for.
FIRST, SECOND = {"admin", "attack"}, {"bench", "e2e", "faults", "jobs", "local", "telegram"}
# Part of `make check`.
CHECKED = {"house"}


def parts() -> tuple[list[str], ...]:
    """Return the folders of each part; one that is new belongs to the last."""
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and any(path.glob("test_*.py"))} - CHECKED
    return tuple(sorted(f"tests/{name}" for name in part) for part in (FIRST, SECOND, folders - FIRST - SECOND))


def main() -> None:
    """Run all of them to their ends."""
    with ExitStack() as stack:
        later = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in OFFSETS[1:]]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "pytest", f"--stack-offset={offset}", *folders],
                cwd=HERE.parent,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
            )
            for offset, folders, output in zip(OFFSETS, parts(), (None, *later), strict=True)
        ]
        try:
            codes = [process.wait() for process in running]
        except KeyboardInterrupt:
            # They heard it, too, and take their stacks down.
            codes = [process.wait() for process in running]
        for output in later:
            output.seek(0)
            sys.stdout.write(output.read())
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
