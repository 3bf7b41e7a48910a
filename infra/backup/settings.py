"""What the environment says to the backup."""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from infra.backup.faults import Unfit

# Where an operator's variables are: without Docker, and with it.
_FILES = (Path("/etc/buhbot/env"), Path(__file__).resolve().parents[2] / ".env")
_LINE = re.compile(r"""([A-Z][A-Z0-9_]*)=(["']?)(.*)\2""")


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what programs inherit, with some on top."""
    return {**os.environ, **(variables or {})}


@dataclass(frozen=True)
class EnvironmentSettings:
    """Fields that bear the names of their variables, read without any package; an empty one counts as unset.

    What the environment says beats what the operator's file says.
    """

    @classmethod
    def read(cls) -> Self:
        """Raise `Unfit` on one that is wrong or missing."""
        known = {**_written(), **{name: value for name, value in os.environ.items() if value}}
        return cls(**{field.name: known[field.name.upper()] for field in fields(cls) if field.name.upper() in known})


@dataclass(frozen=True)
class BackupSettings(EnvironmentSettings):
    """As they are in the environment: texts; the properties say what they mean."""

    database_url: str = ""
    redis_url: str = ""
    backup_target: str = ""
    backup_age_recipient: str = ""
    backup_keep_days: str = "28"
    backup_files: str = ""
    backup_metrics_dir: str = ""
    backup_report_chat: str = ""
    telegram_bot_token: str = ""
    telegram_api_url: str = "https://api.telegram.org"

    def __post_init__(self) -> None:
        if not self.backup_keep_days.isdecimal() or not int(self.backup_keep_days):
            raise Unfit(f"BACKUP_KEEP_DAYS={self.backup_keep_days} is no number of days, such as 28")
        if self.backup_report_chat and not self.telegram_bot_token:
            raise Unfit("BACKUP_REPORT_CHAT needs TELEGRAM_BOT_TOKEN")

    def need(self, *names: str) -> None:
        """Raise `Unfit` unless each of the fields has a value."""
        if missing := [name.upper() for name in names if not getattr(self, name)]:
            raise Unfit(f"{' and '.join(missing)} must be set; .env.example says to what")

    @property
    def recipients(self) -> list[str]:
        """Public keys of age; whoever holds the private key of any one of them can read the archives."""
        return self.backup_age_recipient.split()

    @property
    def files(self) -> list[Path]:
        """Configuration that goes into the archive."""
        return [Path(name) for name in shlex.split(self.backup_files)]

    @property
    def keep_days(self) -> int:
        """Age up to which archives are kept."""
        return int(self.backup_keep_days)


def _written() -> dict[str, str]:
    file = next((file for file in _FILES if os.access(file, os.R_OK)), None)
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    return {found[1]: found[3] for line in lines if (found := _LINE.fullmatch(line.strip())) and found[3]}
