"""Backups with the real programs: made from the running stack, broken in every way, restored into empty databases."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis

from infra.backup.archives import DATABASE, MANIFEST, Archives, mark_at, name_at
from infra.backup.brought import Brought
from infra.backup.database import Database
from infra.backup.restoring import lay_auth
from infra.backup.target import Target
from infra.backup.trial import empty_database
from infra.doctor.policies import findings
from infra.local.telegram.client import SimulatorClient
from tests.backups import Backups, programs_on_the_path
from tests.redis_server import running_redis
from tests.stack import Stack
from tests.world import ADMIN

PEOPLE = "select id, email, encrypted_password, raw_app_meta_data from auth.users order by id"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def tools() -> Iterator[None]:
    with programs_on_the_path():
        yield


@pytest.fixture(scope="module")
def backups(tools: None, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Backups:
    """Of the running stack; with one archive in the target."""
    folder = tmp_path_factory.mktemp("backups")
    for name in ("key", "other"):
        subprocess.run(["age-keygen", "-o", folder / name], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", folder / "key"], check=True, capture_output=True, text=True).stdout
    (folder / "etc").mkdir()
    (folder / "etc/env").write_text("SESSION_SECRET=kept\n")
    (folder / "metrics").mkdir()
    names = ("DATABASE_URL", "REDIS_URL", "TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL")
    variables = {name: stack.env[name] for name in names} | {
        "BACKUP_AGE_RECIPIENT": recipient.strip(),
        "BACKUP_FILES": str(folder / "etc"),
        "BACKUP_METRICS_DIR": str(folder / "metrics"),
        "BACKUP_REPORT_CHAT": str(ADMIN),
    }
    own = Backups(variables, folder / "target", folder / "key")
    with Redis.from_url(stack.env["REDIS_URL"]) as redis:
        redis.set("kept by the backup", "yes")
    code, said = own.run("backup")
    assert code == 0, said
    return own


def people(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as db:
        return db.execute(PEOPLE).fetchall()


async def test_a_backup_tells_the_operators_and_holds_nothing_in_clear(backups: Backups, sim: SimulatorClient) -> None:
    name = backups.names[-1]
    told = await sim.until_message(ADMIN, name)
    assert "Audit anchor" in told.words
    metrics = (backups.target.parent / "metrics/buhbot_backup.prom").read_text()
    for metric in ("buhbot_backup_last_success_timestamp_seconds", "buhbot_backup_size_bytes"):
        assert f"\n{metric} " in metrics
    for part in set(json.loads((backups.target / name / MANIFEST).read_text())["parts"]):
        assert (backups.target / name / part).read_bytes().startswith(b"age-encryption.org/v1")


async def test_an_archive_is_verified_by_restoring_it(backups: Backups, sim: SimulatorClient) -> None:
    code, said = backups.run("verify")
    assert code == 0, said
    await sim.until_message(ADMIN, "was restored for a trial")
    name = backups.names[-1]
    assert list((backups.target / name).glob("verified-*"))
    assert "last_verified" in (backups.target.parent / "metrics/buhbot_backup.prom").read_text()


def test_a_lost_database_comes_back_with_its_people_and_its_policies(backups: Backups, stack: Stack) -> None:
    name = backups.names[-1]
    with empty_database() as (lost, superuser):
        with Brought.from_target(Archives(Target(str(backups.target))), name, backups.key) as archive:
            lay_auth(archive, superuser)
        url = f"postgresql://postgres:postgres@{lost.name}"
        # The first deployment has nothing to lose; a night that finds nothing is another matter.
        code, said = backups.run("backup", "--unless-new", DATABASE_URL=url)
        assert (code, "no archive: nothing of BuhBot" in said) == (0, True), said
        code, said = backups.run("backup", DATABASE_URL=url, BACKUP_REPORT_CHAT="")
        assert (code, said.startswith("backup: nothing of BuhBot")) == (2, True), said
        # Where one restores, Redis may be out of reach.
        there = {"DATABASE_URL": url, "REDIS_URL": ""}

        code, said = backups.run("restore", **there)
        assert code == 0, said
        assert "make doctor" in said
        with psycopg.connect(url) as db:
            assert not list(findings(db))
            db.execute("create table public.stray ()")
        assert people(url) == people(stack.env["DATABASE_URL"])

        # What is there is replaced only when somebody means it, and is kept elsewhere first.
        for confirmed in ([], ["--confirm", "postgres"]):
            code, said = backups.run("restore", name, *confirmed, **there)
            assert (code, f"--confirm {lost.name}" in said) == (2, True), said
        code, said = backups.run("restore", name, "--confirm", lost.name, **there)
        assert code == 0, said
        with psycopg.connect(url) as db:
            assert db.execute("select to_regclass('public.stray')").fetchone() == (None,)
        before = backups.names[0]
        assert f"kept as {before}" in said
        assert Archives(Target(str(backups.target))).last_good() == name


def test_redis_and_the_configuration_come_back(backups: Backups, tmp_path: Path) -> None:
    code, said = backups.run("unpack", "--folder", str(tmp_path / "out"))
    assert code == 0, said
    kept = tmp_path / f"out{backups.target.parent}/etc/env"
    assert kept.read_text() == "SESSION_SECRET=kept\n"
    (tmp_path / "out/redis.rdb").rename(tmp_path / "dump.rdb")
    with running_redis(tmp_path) as server, Redis.from_url(server.url) as redis:
        assert redis.get("kept by the backup") == b"yes"


def flipped(folder: Path) -> None:
    content = bytearray((folder / DATABASE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / DATABASE).write_bytes(content)


def flipped_with_its_checksum(folder: Path) -> None:
    flipped(folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["parts"][DATABASE]["sha256"] = sha256((folder / DATABASE).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def cut_short(folder: Path) -> None:
    os.truncate(folder / DATABASE, 100_000)


def without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("accident", "key", "reason"),
    [
        (flipped, "key", "database.dump.age is damaged"),
        (flipped_with_its_checksum, "key", "age: failed to decrypt"),
        (cut_short, "key", "database.dump.age is damaged"),
        (without_manifest, "key", "no complete archive"),
        (lambda _: None, "other", "no identity matched"),
    ],
)
def test_a_bad_archive_is_refused_before_anything_is_touched(
    backups: Backups, stack: Stack, tmp_path: Path, accident: Callable[[Path], None], key: str, reason: str
) -> None:
    broken = backups.copy(tmp_path / "broken")
    name = broken.names[-1]
    accident(broken.target / name)
    before = people(stack.env["DATABASE_URL"])
    meant = ["--confirm", Database(stack.env["DATABASE_URL"]).name, "--identity", str(backups.key.with_name(key))]
    code, said = broken.run("restore", name, *meant, BACKUP_REPORT_CHAT="")
    assert code in {1, 2}
    assert reason in said
    assert "Now it counts" not in said
    assert people(stack.env["DATABASE_URL"]) == before


def small(size: int) -> Callable[[], None]:
    """A disk on which no file grows beyond `size` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


async def test_a_full_disk_leaves_no_archive_that_counts(
    backups: Backups, tmp_path: Path, sim: SimulatorClient
) -> None:
    own = backups.elsewhere(tmp_path / "full")
    code, said = own.run("backup", preexec_fn=small(500_000), BACKUP_METRICS_DIR="")
    assert (code, "file too large" in said) == (1, True), said
    assert not Archives(Target(str(own.target))).complete
    told = await sim.until_message(ADMIN, "file too large")
    assert told.words.startswith("FAILED: backup: rclone")
    assert "Last good archive: none" in told.words


def test_a_disk_that_would_become_full_is_noticed_first(backups: Backups, tmp_path: Path) -> None:
    own = backups.copy(tmp_path / "large")
    folder = own.target / own.names[-1]  # the names of the others begin with an earlier letter
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["parts"][DATABASE]["size"] = 8 << 40
    (folder / MANIFEST).write_text(json.dumps(manifest))
    os.truncate(folder / DATABASE, 8 << 40)
    code, said = own.run("backup", BACKUP_REPORT_CHAT="", BACKUP_METRICS_DIR="")
    assert (code, "make room" in said) == (1, True), said
    assert len(own.names) == len(backups.names)


@pytest.mark.parametrize(
    ("variables", "code", "reason"),
    [
        ({"BACKUP_TARGET": ":webdav,url='http://127.0.0.1:9':x"}, 1, "the target cannot be read: rclone: "),
        ({"DATABASE_URL": "postgresql://postgres:x@127.0.0.1:9/postgres"}, 1, "psql: connection to server"),
        ({"REDIS_URL": "redis://127.0.0.1:9/0"}, 1, "redis-cli: Could not connect"),
        ({"BACKUP_AGE_RECIPIENT": ""}, 2, "BACKUP_AGE_RECIPIENT must be set"),
        ({"BACKUP_AGE_RECIPIENT": "age1nobody"}, 1, "age: malformed recipient"),
        ({"BACKUP_FILES": "/not/there"}, 2, "/not/there, which is not there"),
        ({"BACKUP_KEEP_DAYS": "0"}, 2, "no number of days"),
        ({"PATH": "/bin:/usr/bin"}, 2, "apt-get install"),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_line(
    backups: Backups, tmp_path: Path, variables: dict[str, str], code: int, reason: str
) -> None:
    own = backups.elsewhere(tmp_path / "target")
    quiet = {"BACKUP_REPORT_CHAT": "", "BACKUP_METRICS_DIR": ""}
    ended, said = own.run("backup", **{**quiet, **variables})
    assert (ended, reason in said, len(said.splitlines())) == (code, True, 1), said
    assert not any((own.target / name / MANIFEST).exists() for name in own.names)


def test_two_at_once_do_not_get_in_each_others_way(backups: Backups, stack: Stack, tmp_path: Path) -> None:
    own = backups.elsewhere(tmp_path / "target")
    with Database(stack.env["DATABASE_URL"]).snapshot() as other:
        other.be_alone()
        code, said = own.run("backup", BACKUP_REPORT_CHAT="", BACKUP_METRICS_DIR="")
    assert (code, "another backup of this database is under way" in said) == (75, True)
    assert not own.names


async def test_one_that_was_ended_half_way_does_not_count(
    backups: Backups, tmp_path: Path, sim: SimulatorClient
) -> None:
    own = backups.elsewhere(tmp_path / "target")
    # A Redis that listens and never answers holds it where the database is already there.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {"REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}
        for number, code in ((signal.SIGTERM, 1), (signal.SIGKILL, -9)):
            with own.start("backup", variables=variables) as process:
                silent.accept()
                process.send_signal(number)
                assert process.wait(30) == code
    await sim.until_message(ADMIN, "FAILED: backup: stopped by SIGTERM")
    assert all((own.target / name / DATABASE).exists() for name in own.names)
    assert not Archives(Target(str(own.target))).complete
    broken = own.names
    code, said = own.run("backup", BACKUP_REPORT_CHAT="", BACKUP_METRICS_DIR="")
    assert code == 0, said
    assert f"Unfinished, and not counted: {', '.join(broken)}" in said


def test_the_last_good_archive_outlives_its_time(backups: Backups, tmp_path: Path) -> None:
    def laid(days: int, *, accident: Callable[[Path], None] | None = None) -> str:
        name = name_at(NOW - timedelta(days=days))
        shutil.copytree(backups.target / backups.names[-1], tmp_path / name)
        for mark in (tmp_path / name).glob("verified-*"):
            mark.unlink()
        if accident:
            accident(tmp_path / name)
        return name

    ages = {days: laid(days) for days in (90, 60, 50, 40)}
    (tmp_path / ages[60] / mark_at(NOW)).touch()
    cut = laid(10, accident=cut_short)
    dead, under_way = laid(2, accident=without_manifest), laid(0, accident=without_manifest)
    expired = Archives(Target(str(tmp_path))).expired(NOW, timedelta(days=28))
    assert set(expired) == {ages[90], ages[50], dead}
    assert {ages[60], ages[40], cut, under_way}.isdisjoint(expired)
