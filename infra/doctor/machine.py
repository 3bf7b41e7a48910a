"""The machine on which this is run: room on its disk, and its clock."""

import shutil
from collections.abc import Iterator
from datetime import datetime

from infra.doctor.finding import Finding

ROOM = 0.15
SECONDS = 5


def of_disk(path: str = "/", room: float = ROOM) -> Iterator[Finding]:
    """Yield that less than the share `room` of the disk is free."""
    disk = shutil.disk_usage(path)
    if disk.free < room * disk.total:
        what = f"{100 * disk.free // disk.total} % of the disk are free"
        yield Finding("machine", what, "remove old images, releases and local backups: `docker system df`, `du -xh /`")


def of_clock(whose: str, theirs: datetime, ours: datetime) -> Iterator[Finding]:
    """Yield that two clocks differ; `theirs` may be told in whole seconds."""
    if abs(behind := (theirs - ours).total_seconds()) > SECONDS:
        what = f"this machine's clock is {abs(behind):.0f} s {'behind' if behind > 0 else 'ahead of'} {whose}"
        yield Finding("machine", what, "switch its synchronisation on: `timedatectl set-ntp true`")
