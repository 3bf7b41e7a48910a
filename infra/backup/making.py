"""Makes an archive while everything runs: one moment of the database, Redis, the configuration."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from infra.backup import programs
from infra.backup.archives import (
    DATABASE,
    FACTS,
    FILES,
    FORMAT,
    MANIFEST,
    OWN,
    REDIS,
    Archives,
    Manifest,
    Part,
    Weighed,
    name_at,
)
from infra.backup.database import Database, Facts, Snapshot
from infra.backup.faults import Fault, Unfit
from infra.backup.settings import BackupSettings
from infra.backup.target import Target

# A dump is compressed, so the database's own size is enough for the first one.
_GROWTH = 1.2


class Made(NamedTuple):
    """An archive that arrived, and what lies beside it."""

    name: str
    facts: Facts
    archives: Archives


def make(settings: BackupSettings, kind: str = OWN) -> Made:
    """Make one; raise `Unfit` or `Busy` before anything is written.

    Raises `Fault` when it breaks off: what there is by then has no manifest, and never counts as an archive.
    """
    check_settings(settings)
    source, archives = Database(settings.database_url), Archives(Target(settings.backup_target))
    _check_version(source)
    _check_room(source, archives)
    name = name_at(datetime.now(UTC), kind)
    with source.snapshot() as snapshot:
        snapshot.be_alone()
        facts = snapshot.facts()
        sent = {
            part: _send(archives.target, f"{name}/{part}", chunks) for part, chunks in _parts(settings, snapshot, facts)
        }
        manifest = Manifest(FORMAT, source.version(), snapshot.migration(), sent)
    archives.target.put(f"{name}/{MANIFEST}", [manifest.dump()])
    archives = Archives(archives.target)
    if faults := archives.faults(name):
        raise Fault(f"what arrived at the target is not what was sent: {faults[0]}")
    return Made(name, facts, archives)


def check_settings(settings: BackupSettings) -> None:
    """Raise `Unfit` unless they, and the programs, are enough for an archive."""
    settings.need("database_url", "backup_target", "backup_age_recipient")
    programs.need("psql", "pg_dump", "age", "rclone", *(["redis-cli"] if settings.redis_url else []))
    # Whether these are keys at all.
    programs.run(_encrypt(settings))
    if missing := [str(path) for path in settings.files if not path.exists()]:
        raise Unfit(f"BACKUP_FILES names {' and '.join(missing)}, which is not there")


def _check_version(source: Database) -> None:
    own = re.search(r"\d+", programs.run(["pg_dump", "--version"]).decode())
    if own and int(own[0]) < source.version():
        raise Unfit(f"pg_dump is of version {own[0]}, the database of {source.version()}: install that client")


def _check_room(source: Database, archives: Archives) -> None:
    last = archives.last_good()
    needed = int(archives.manifest(last).size * _GROWTH) if last else source.size()
    free = archives.target.free()
    if free is not None and free < needed:
        raise Fault(f"the target has {free / 1e6:,.0f} MB left, and this may take {needed / 1e6:,.0f} MB: make room")


def _parts(settings: BackupSettings, snapshot: Snapshot, facts: Facts) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield what goes into the archive, encrypted as it is read: nothing in clear touches a disk."""
    encrypt = _encrypt(settings)
    yield DATABASE, programs.stream(snapshot.dump(), encrypt, variables=snapshot.variables)
    if settings.redis_url:
        ask, variables = _redis(settings.redis_url)
        yield REDIS, programs.stream(ask, encrypt, variables=variables)
    if settings.files:
        yield FILES, programs.stream(["tar", "--create", "--file=-", *map(str, settings.files)], encrypt)
    yield FACTS, programs.stream(encrypt, source=programs.held([facts.dump()]))


def _encrypt(settings: BackupSettings) -> list[str]:
    return ["age", "--encrypt", *(word for key in settings.recipients for word in ("--recipient", key))]


def _redis(url: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that takes what Redis hands to a replica, for which it forks and goes on."""
    parts = urlsplit(url)
    command = ["redis-cli", "-h", parts.hostname or "127.0.0.1", "-p", str(parts.port or 6379)]
    command += ["--user", parts.username] if parts.username else []
    command += ["--tls"] if parts.scheme == "rediss" else []
    return [*command, "--rdb", "-"], {"REDISCLI_AUTH": unquote(parts.password)} if parts.password else {}


def _send(target: Target, path: str, chunks: Iterator[bytes]) -> Part:
    weighed = Weighed(chunks)
    target.put(path, weighed)
    return weighed.part
