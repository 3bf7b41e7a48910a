"""An archive that was brought to where the private key is, and proven."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from infra.backup import programs
from infra.backup.archives import DATABASE, FACTS, FILES, REDIS, Archives, Manifest, Weighed
from infra.backup.database import Facts
from infra.backup.faults import Fault


class Brought:
    """Encrypted parts in a folder, and the key that opens them; nothing in clear is left behind."""

    def __init__(self, name: str, manifest: Manifest, folder: Path, identity: Path) -> None:
        self.name, self.manifest = name, manifest
        self._folder, self._identity = folder, identity

    @classmethod
    @contextmanager
    def from_target(cls, archives: Archives, name: str, identity: Path) -> Iterator[Self]:
        """Bring one, and forget it afterwards; raise `Fault` unless every byte of it is as it was sent and readable."""
        manifest = archives.manifest(name)
        with tempfile.TemporaryDirectory(prefix="buhbot-") as folder:
            _check_room(Path(folder), manifest.size)
            archives.target.fetch(name, Path(folder))
            archive = cls(name, manifest, Path(folder), identity)
            archive.prove()
            yield archive

    def prove(self) -> None:
        """Read all of it once."""
        for part, sent in self.manifest.parts.items():
            path = self._folder / part
            if not path.exists():
                raise Fault(f"{self.name}: {part} is missing")
            with path.open("rb") as file:
                weighed = Weighed(iter(lambda: file.read(1 << 20), b""))
                for _ in weighed:
                    pass
            if weighed.part != sent:
                raise Fault(f"{self.name}: {part} is damaged: its checksum is not that of the manifest")
        self.facts = Facts.load(b"".join(self._clear(FACTS)))
        self._dump = programs.held(self._clear(DATABASE))
        self.contents = b"".join(self._read("--list")).decode().splitlines()
        for _ in self._read("--file=-"):
            pass

    def script(self, contents: Sequence[str], *options: str) -> Iterator[bytes]:
        """Yield the SQL of these entries, in this order."""
        with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
            chosen.write("\n".join(contents))
            chosen.flush()
            yield from self._read(f"--use-list={chosen.name}", "--file=-", *options)

    def unpack(self, folder: Path) -> list[str]:
        """Put Redis' snapshot and the configuration into a folder of their owner's; return their names."""
        if REDIS not in self.manifest.parts:
            raise Fault(f"{self.name} was made before a restore and holds only the database: name another one")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / REDIS.removesuffix(".age")).open("wb") as file:
            file.writelines(self._clear(REDIS))
        if FILES in self.manifest.parts:
            programs.feed(["tar", "--extract", "--file=-", f"--directory={folder}"], self._clear(FILES))
        return sorted(path.name for path in folder.iterdir())

    def _clear(self, part: str) -> Iterator[bytes]:
        command = ["age", "--decrypt", "--identity", str(self._identity), str(self._folder / part)]
        yield from programs.stream(command)

    def _read(self, *options: str) -> Iterator[bytes]:
        number = self._dump.fileno()
        yield from programs.stream(["pg_restore", *options, f"/dev/fd/{number}"], fds=[number])


def _check_room(folder: Path, size: int) -> None:
    # As it came, and what pg_restore reads: about as much again.
    free = shutil.disk_usage(folder).free
    if free < 2 * size:
        raise Fault(f"{folder.parent} has {free / 1e6:,.0f} MB left, {2 * size / 1e6:,.0f} MB are needed: set TMPDIR")
