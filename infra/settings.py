"""Settings that every process shares, and the one way in which a process reads its own."""

import re
import sys
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, HttpUrl, RedisDsn, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict


class ReleaseSettings(BaseSettings):
    """What runs, as whoever built it says."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    revision: str = "unknown"


class ProcessSettings(BaseSettings):
    """What bot, jobs and admin all need to run."""

    # An empty variable is an unset one: compose files and CI pass `NAME=` for what nobody filled in.
    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    supabase_url: HttpUrl
    redis_url: RedisDsn
    host: str = "127.0.0.1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def _must_look_like_a_token(token: SecretStr) -> SecretStr:
    if not re.fullmatch(r"\d+:\S+", token.get_secret_value()):
        raise ValueError("not a bot token")
    return token


class ServiceSettings(ProcessSettings):
    """What a process needs that works for the firm rather than for a person; the admin never does."""

    supabase_service_role_key: SecretStr = Field(min_length=1)


class ThrottledSettings(ProcessSettings):
    """How often one person may, per minute: what costs little, what changes something, what must stay rare."""

    rate_limit_high: int = Field(default=30, ge=1, le=1_000_000)
    rate_limit_medium: int = Field(default=15, ge=1, le=1_000_000)
    rate_limit_low: int = Field(default=5, ge=1, le=1_000_000)


# As @BotFather gives it: the bot's number, a colon, a secret.
BotToken = Annotated[SecretStr, AfterValidator(_must_look_like_a_token)]

Settings = TypeVar("Settings", bound=ProcessSettings)


def load(kind: type[Settings]) -> Settings:
    """Read the settings from the environment, or end the process with one line that says what is wrong."""
    try:
        return kind.model_validate({})
    except ValidationError as error:
        sys.exit(
            f"cannot start, settings are wrong: {problems(error)}."
            " See .env.example, or source .local/env after `make up`."
        )


def problems(error: ValidationError) -> str:
    """Return what is wrong with settings, by names and reasons only: the input may be a secret."""

    def said(item: ErrorDetails) -> str:
        return "not set" if item["type"] == "missing" or not item["input"] else item["msg"].lower()

    return "; ".join(f"{str(item['loc'][0]).upper()}: {said(item)}" for item in error.errors())
