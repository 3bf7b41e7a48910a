"""Archives: a folder each, of encrypted parts; one that has no manifest never became an archive."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from infra.backup.faults import Fault, Unfit
from infra.backup.target import Target

MANIFEST = "manifest.json"
DATABASE, REDIS, FILES, FACTS = "database.dump.age", "redis.rdb.age", "files.tar.age", "facts.json.age"
FORMAT = 1
OWN, BEFORE_RESTORE = "buhbot-", "before-"

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(?:buhbot|before)-(\d{8}T\d{6}Z)")
_VERIFIED = re.compile(r"verified-(\d{8}T\d{6}Z)")
# No run takes that long: what is unfinished after it was left behind.
_DEAD_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """A file as it was sent."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive consists of, and what it takes to read it. Written last, and readable without a key."""

    format: int
    postgres: int
    migration: str
    parts: dict[str, Part]

    @classmethod
    def load(cls, text: bytes) -> Self:
        """Raise `Fault` on what is no manifest, or a later format's."""
        try:
            read = json.loads(text)
            parts = {name: Part(**part) for name, part in read.pop("parts").items()}
            made = cls(parts=parts, **read)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Fault("its manifest cannot be read") from error
        if made.format != FORMAT:
            raise Unfit(f"the archive has format {made.format}, this program reads {FORMAT}: use the later program")
        return made

    def dump(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts.values())


class Archives:
    """All that lies in a target, as it was when it was looked at."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._manifests: dict[str, Manifest] = {}
        found = target.listing()
        self._folders = {name: files for name, files in sorted(found.items()) if _NAME.fullmatch(name)}

    @property
    def complete(self) -> list[str]:
        """Those that have a manifest, oldest first."""
        return [name for name, files in self._folders.items() if MANIFEST in files]

    @property
    def unfinished(self) -> list[str]:
        """Those that have none: being made, or broken off."""
        return [name for name, files in self._folders.items() if MANIFEST not in files]

    def last_good(self) -> str | None:
        """Return the newest of which every part is there in its full size.

        What a restore kept of the state that it replaced is none: somebody wanted to be rid of it.
        """
        own = (name for name in reversed(self.complete) if name.startswith(OWN))
        return next((name for name in own if not self.faults(name)), None)

    def manifest(self, name: str) -> Manifest:
        """Return an archive's manifest; raise `Fault` when it cannot be read, `Unfit` when it is another format's."""
        if name not in self._manifests:
            self._manifests[name] = Manifest.load(self.target.read(f"{name}/{MANIFEST}"))
        return self._manifests[name]

    def faults(self, name: str) -> list[str]:
        """Return what sizes alone show to be wrong."""
        try:
            parts = self.manifest(name).parts
        except Fault as fault:
            return [str(fault)]
        sizes = self._folders[name]
        return [f"{part} is cut short" for part, sent in parts.items() if sizes.get(part) != sent.size]

    def remove(self, name: str) -> None:
        """Remove an archive."""
        self.target.remove(name)
        del self._folders[name]

    def verified(self) -> tuple[str, datetime] | None:
        """Return which archive was last restored for a trial, and when."""
        marks = [
            (moment(found[1]), name)
            for name, files in self._folders.items()
            for file in files
            if (found := _VERIFIED.fullmatch(file))
        ]
        return (last[1], last[0]) if (last := max(marks, default=None)) else None

    def expired(self, now: datetime, keep: timedelta) -> list[str]:
        """Return what may go: the old, but neither the last good one nor the last that was verified."""
        verified = self.verified()
        kept = {self.last_good(), verified and verified[0]}
        old = [name for name in self.complete if made_at(name) < now - keep and name not in kept]
        return old + [name for name in self.unfinished if made_at(name) < now - _DEAD_AFTER]


class Weighed:
    """Chunks on their way, of which size and SHA-256 are known once they have passed."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._size, self._hash = chunks, 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._size += len(chunk)
            self._hash.update(chunk)
            yield chunk

    @property
    def part(self) -> Part:
        """What has passed so far."""
        return Part(self._size, self._hash.hexdigest())


def name_at(now: datetime, kind: str = OWN) -> str:
    """Return the name of the archive that is begun now."""
    return f"{kind}{now:{_STAMP}}"


def mark_at(now: datetime) -> str:
    """Return the name of the file that says that its archive was restored for a trial."""
    return f"verified-{now:{_STAMP}}"


def made_at(name: str) -> datetime:
    """Return when the archive was begun."""
    return moment(name.rpartition("-")[2])


def moment(stamp: str) -> datetime:
    """Return the moment of which a name speaks."""
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
