"""What each command does, step by step."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.backup import making, programs, reporting
from infra.backup.archives import BEFORE_RESTORE, Archives, mark_at
from infra.backup.brought import Brought
from infra.backup.database import Database
from infra.backup.faults import Fault, Unfit
from infra.backup.restoring import lay_auth, pour
from infra.backup.settings import BackupSettings
from infra.backup.target import Target
from infra.backup.trial import empty_database

_MIGRATIONS = Path(__file__).resolve().parents[2] / "supabase/migrations"
_NEXT = (
    "make doctor: it says what is not as it should be, row security above all; that no process runs is as it should be",
    "start jobs, bot and admin: Telegram brings what it kept meanwhile, which is up to a day's worth",
    "everybody signs in again",
)
_NEW = "nothing of BuhBot is in the database yet; the first deployment migrates it"
_PUSH = "supabase db push: the archive is older than this release"


def backup(settings: BackupSettings, asked: argparse.Namespace) -> None:
    """Make an archive, and forget those that are too old."""
    settings.need("redis_url")
    making.check_settings(settings)
    if Database(settings.database_url).is_new():
        if not asked.unless_new:
            raise Unfit(_NEW)
        _say(f"no archive: {_NEW}")
        return
    made = making.make(settings)
    for old in made.archives.expired(datetime.now(UTC), timedelta(days=settings.keep_days)):
        made.archives.remove(old)
    reporting.say_made(settings, made)
    reporting.count(settings, made.archives)


def verify(settings: BackupSettings, asked: argparse.Namespace) -> None:
    """Restore an archive into an empty database, compare, and leave a mark beside the archive."""
    archives, name = _chosen(settings, asked.archive)
    with Brought.from_target(archives, name, asked.identity) as archive:
        _say(f"{name} is whole and the key opens it; restoring it for a trial")
        with empty_database() as (database, superuser):
            lay_auth(archive, superuser)
            if differences := pour(archive, database):
                raise Fault(f"{name} was restored for a trial and is not what it was: {'; '.join(differences)}")
        archives.target.put(f"{name}/{mark_at(datetime.now(UTC))}", [b"Restored for a trial, and equal.\n"])
        reporting.say_verified(settings, archive)
    reporting.count(settings, Archives(archives.target))


def restore(settings: BackupSettings, asked: argparse.Namespace) -> None:
    """Put an archive into a database, in the place of what is there."""
    settings.need("database_url")
    database = Database(settings.database_url)
    _say(f"Pre-flight for {database.name}, no impact yet")
    archives, name = _chosen(settings, asked.archive)
    with Brought.from_target(archives, name, asked.identity) as archive:
        _say(f"  {name} is whole and the key opens it: {archive.facts.rows:,} rows")
        newest = _check_versions(archive, database)
        if database.is_asked():
            raise Unfit(
                "somebody has just worked with the database: stop bot, jobs and admin, and wait for ten seconds;"
                " Telegram keeps messages for a day"
            )
        if database.holds_something():
            _confirm(database, asked.confirm)
            if not asked.without_snapshot:
                # Redis and the configuration are not touched, and need not be within reach from here.
                before = making.make(replace(settings, redis_url="", backup_files=""), BEFORE_RESTORE)
                _say(f"  what is there now is kept as {before.name}")
        _say("Now it counts: one transaction, all or nothing")
        if differences := pour(archive, database):
            raise Fault(f"restored, and not equal to the archive: {'; '.join(differences)}")
        _say(f"Restored: {archive.facts.rows:,} rows, rights and audit chain are those of the archive")
        steps = [_PUSH, *_NEXT] if newest > archive.manifest.migration else _NEXT
        _say("What is left to do:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1)))


def unpack(settings: BackupSettings, asked: argparse.Namespace) -> None:
    """Take out what is not the database."""
    archives, name = _chosen(settings, asked.archive)
    with Brought.from_target(archives, name, asked.identity) as archive:
        _say(f"{asked.folder}: {', '.join(archive.unpack(asked.folder))}")


def _chosen(settings: BackupSettings, name: str | None) -> tuple[Archives, str]:
    settings.need("backup_target")
    programs.need("psql", "pg_restore", "age", "rclone")
    archives = Archives(Target(settings.backup_target))
    name = name or archives.last_good()
    if name not in archives.complete:
        raise Unfit(f"{settings.backup_target} has no complete archive {name or 'at all'}")
    return archives, name


def _check_versions(archive: Brought, database: Database) -> str:
    """Return the newest migration of this clone; raise `Unfit` where the archive is ahead of what would run on it."""
    if database.version() < archive.manifest.postgres:
        raise Unfit(f"the archive is of Postgres {archive.manifest.postgres}, the database of {database.version()}")
    newest = max(path.name[:14] for path in _MIGRATIONS.glob("*.sql"))
    if newest < archive.manifest.migration:
        raise Unfit(
            f"the archive has migration {archive.manifest.migration}, this release ends with {newest}: take a later"
        )
    return newest


def _confirm(database: Database, said: str | None) -> None:
    """Raise `Unfit` unless a person has written which database is about to lose what it holds."""
    if said is None and sys.stdin.isatty():
        said = input(f"  {database.name} is not empty, and what it holds will be replaced. Type its name to go on: ")
    if said != database.name:
        raise Unfit(f"{database.name} is not empty: --confirm {database.name} replaces what it holds")


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)
