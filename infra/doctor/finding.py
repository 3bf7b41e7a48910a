"""What the doctor finds: one line that says what is wrong, and how to mend it."""

from typing import NamedTuple


class Finding(NamedTuple):
    """`part` is where to look; without `what` nothing is wrong, and `mend` says what was not looked at."""

    part: str
    what: str = ""
    mend: str = ""

    def __str__(self) -> str:
        told = f"{self.what}: {self.mend}" if self.what else self.mend
        return f"{self.part:<10} {told}"
