"""Tells people how it went: here, in the operators' Telegram chat, and by node-exporter's textfile collector."""

import json
import sys
import urllib.request
from pathlib import Path

from infra.backup.archives import Archives, made_at
from infra.backup.brought import Brought
from infra.backup.faults import Fault
from infra.backup.making import Made
from infra.backup.settings import BackupSettings
from infra.backup.target import Target

_METRICS = {
    "buhbot_backup_last_success_timestamp_seconds": "When the newest archive that is whole was begun.",
    "buhbot_backup_last_verified_timestamp_seconds": "When an archive was last restored for a trial, and was equal.",
    "buhbot_backup_size_bytes": "Size of the newest archive that is whole.",
}


def say_made(settings: BackupSettings, made: Made) -> None:
    """Say that there is a new archive. The anchor proves later, from this chat, that no audit entry was rewritten."""
    lines = [
        f"Backup {made.name}: {made.archives.manifest(made.name).size / 1e6:,.1f} MB, {made.facts.rows:,} rows",
        f"Audit anchor: {made.facts.anchor or 'none yet'}",
        *_standing(made.archives),
    ]
    if made.facts.audit_fault:
        lines.insert(0, f"The audit log is broken ({made.facts.audit_fault}): run make audit-verify")
    print(*lines, sep="\n")
    _send(settings, lines)


def say_verified(settings: BackupSettings, archive: Brought) -> None:
    """Say that an archive can be restored."""
    line = (
        f"Backup {archive.name} was restored for a trial: {archive.facts.rows:,} rows, rights and audit chain are equal"
    )
    print(line)
    _send(settings, [line])


def say_failed(settings: BackupSettings, what: str, fault: Fault) -> None:
    """Say why it could not be done, and which archive is the last good one. Figures stay, and age till they wake us."""
    line = f"{what}: {fault}"
    print(line, file=sys.stderr)
    if settings.backup_report_chat:
        try:
            standing = _standing(Archives(Target(settings.backup_target)))
        except Fault:
            standing = ["The archives cannot be listed"]
        _send(settings, [f"FAILED: {line}", *standing])


def count(settings: BackupSettings, archives: Archives) -> None:
    """Write what the target holds as metrics, in one go: the collector never sees half a file."""
    if not settings.backup_metrics_dir:
        return
    folder = Path(settings.backup_metrics_dir)
    try:
        fresh = folder / "buhbot_backup.prom.new"
        fresh.write_text("".join(_lines(_values(archives))), encoding="utf-8")
        fresh.chmod(0o644)
        fresh.rename(folder / "buhbot_backup.prom")
    except OSError as error:
        raise Fault(f"the figures for the monitoring cannot be written: {error}") from error


def _values(archives: Archives) -> dict[str, float]:
    values: dict[str, float] = {}
    if name := archives.last_good():
        values["buhbot_backup_last_success_timestamp_seconds"] = made_at(name).timestamp()
        values["buhbot_backup_size_bytes"] = archives.manifest(name).size
    if verified := archives.verified():
        values["buhbot_backup_last_verified_timestamp_seconds"] = verified[1].timestamp()
    return values


def _lines(values: dict[str, float]) -> list[str]:
    return [
        f"# HELP {metric} {_METRICS[metric]}\n# TYPE {metric} gauge\n{metric} {value:.0f}\n"
        for metric, value in values.items()
    ]


def _standing(archives: Archives) -> list[str]:
    verified, broken = archives.verified(), archives.unfinished
    return [
        f"Last good archive: {archives.last_good() or 'none'}, of {len(archives.complete)}",
        f"Last verified: {f'{verified[0]} on {verified[1]:%Y-%m-%d}' if verified else 'never'}",
        *([f"Unfinished, and not counted: {', '.join(broken)}"] if broken else []),
    ]


def _send(settings: BackupSettings, lines: list[str]) -> None:
    if not settings.backup_report_chat:
        return
    address = f"{settings.telegram_api_url.rstrip('/')}/bot{settings.telegram_bot_token}/sendMessage"
    message = json.dumps({"chat_id": settings.backup_report_chat, "text": "\n".join(lines)}).encode()
    # The operator's own setting says where to.
    request = urllib.request.Request(address, message, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20):  # noqa: S310
            pass
    except OSError as error:
        # Only the reason: the address holds the token.
        print(f"the report did not reach Telegram: {getattr(error, 'reason', error)}", file=sys.stderr)
