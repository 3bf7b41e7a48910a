"""Settings of the jobs."""

from datetime import time
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, HttpUrl, RedisDsn, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.settings import BotToken, ServiceSettings
from jobs.model import Endpoint


def _listed(value: object) -> object:
    """«1,2,3» as a list."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Weekday = Annotated[int, Field(ge=1, le=7)]


class ModelSettings(BaseSettings):
    """Which model is asked about messages, if any."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: HttpUrl = HttpUrl("https://openrouter.ai/api/v1")
    openrouter_model: str = "openai/gpt-4.1-mini"
    openrouter_fallback_model: str | None = None

    @property
    def endpoint(self) -> Endpoint | None:
        """The model to ask; none without a key."""
        if self.openrouter_api_key is None:
            return None
        models = tuple(filter(None, (self.openrouter_model, self.openrouter_fallback_model)))
        return Endpoint(str(self.openrouter_base_url), self.openrouter_api_key.get_secret_value(), models)


class JobsSettings(ServiceSettings, ModelSettings):
    """What the jobs need beside what every process needs."""

    telegram_bot_token: BotToken
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    redis_cache_url: RedisDsn
    jobs_metrics_port: int = 3002
    # Whose certificates are watched.
    webhook_url: HttpUrl | None = None
    admin_url: HttpUrl | None = None

    default_sla_threshold_minutes: int | None = Field(None, ge=1, le=10080)
    escalation_interval_minutes: int | None = Field(None, ge=1, le=1440)
    max_escalation_count: int | None = Field(None, ge=0, le=20)
    default_timezone: str | None = None
    default_working_days: Annotated[list[Weekday] | None, NoDecode, BeforeValidator(_listed)] = None
    default_working_hours_start: time | None = None
    default_working_hours_end: time | None = None

    @property
    def public_urls(self) -> list[str]:
        """Where Telegram and people come to."""
        return [str(url) for url in (self.webhook_url, self.admin_url) if url]

    @property
    def firm_defaults(self) -> dict[str, Any]:
        """What the operator chose for a new firm, in the words of `api.adopt_defaults`."""
        chosen = {
            "target_minutes": self.default_sla_threshold_minutes,
            "escalation_minutes": self.escalation_interval_minutes,
            "escalations": self.max_escalation_count,
            "timezone": self.default_timezone,
            "weekdays": self.default_working_days,
            "opens": self.default_working_hours_start and self.default_working_hours_start.isoformat(),
            "closes": self.default_working_hours_end and self.default_working_hours_end.isoformat(),
        }
        return {name: value for name, value in chosen.items() if value is not None}


class OperatorSettings(ServiceSettings):
    """What the operator's commands about people need: links lead to the admin."""

    admin_url: HttpUrl = HttpUrl("http://127.0.0.1:5000")
