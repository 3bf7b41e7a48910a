"""Settings of the jobs."""

from pydantic import HttpUrl

from infra.settings import BotToken, ServiceSettings


class JobsSettings(ServiceSettings):
    """What the jobs need beside what every process needs."""

    telegram_bot_token: BotToken
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    jobs_metrics_port: int = 3002
