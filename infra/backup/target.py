"""Where archives are kept: whatever rclone can reach, or a directory."""

import json
from collections.abc import Iterable
from pathlib import Path

from infra.backup import programs
from infra.backup.faults import Fault

# A connection that is not made, or goes silent, ends the command within minutes; until then rclone tries again.
_RCLONE = ["rclone", "--quiet", "--contimeout=15s", "--timeout=60s", "--retries=2", "--low-level-retries=3"]
_NOT_THERE = 3


class Target:
    """A remote of rclone with a path, such as `offsite:buhbot`, or the path of a directory."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def listing(self) -> dict[str, dict[str, int]]:
        """Return the sizes of the files in every folder."""
        try:
            said = programs.run([*_RCLONE, "lsjson", "--recursive", "--files-only", self._address])
        except programs.Ended as ended:
            if ended.status == _NOT_THERE:
                return {}
            raise Fault(f"the target cannot be read: {ended}") from ended
        folders: dict[str, dict[str, int]] = {}
        for file in json.loads(said):
            folder, _, name = file["Path"].partition("/")
            folders.setdefault(folder, {})[name] = file["Size"]
        return folders

    def free(self) -> int | None:
        """Return the bytes that are left there; None where nobody can say, as in S3."""
        try:
            said = json.loads(programs.run([*_RCLONE, "about", "--json", self._address]))
        except programs.Ended:
            return None
        return int(said["free"]) if "free" in said else None

    def put(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file, as it comes."""
        programs.feed([*_RCLONE, "rcat", self._at(path)], chunks)

    def read(self, path: str) -> bytes:
        """Return a small file."""
        return programs.run([*_RCLONE, "cat", self._at(path)])

    def fetch(self, folder: str, to: Path) -> None:
        """Bring a folder's files here."""
        programs.run([*_RCLONE, "copy", self._at(folder), str(to)])

    def remove(self, folder: str) -> None:
        """Remove a folder and what is in it."""
        programs.run([*_RCLONE, "purge", self._at(folder)])

    def _at(self, path: str) -> str:
        return f"{self._address}/{path}" if not self._address.endswith(":") else f"{self._address}{path}"
