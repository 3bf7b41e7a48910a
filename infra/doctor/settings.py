"""The installation as its variables say: read as each process reads them, so that what it would refuse shows here."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from admin.settings import AdminSettings
from bot.settings import BotSettings
from infra.doctor.finding import Finding
from infra.settings import Settings, problems
from jobs.settings import JobsSettings


@dataclass(frozen=True)
class Installation:
    """Settings of each process."""

    bot: BotSettings
    jobs: JobsSettings
    admin: AdminSettings


def wrong() -> Iterator[Finding]:
    """Yield what some process would not start with."""
    for kind in (BotSettings, JobsSettings, AdminSettings):
        try:
            kind.model_validate({})
        except ValidationError as error:
            name = kind.__module__.partition(".")[0]
            yield Finding("settings", f"{name} would not start, {problems(error)}", "see .env.example, and restart it")


def read() -> Installation:
    """Read the environment; raises `ValidationError` when something is `wrong`."""
    return Installation(_of(BotSettings), _of(JobsSettings), _of(AdminSettings))


def _of(kind: type[Settings]) -> Settings:
    return kind.model_validate({})
