"""Settings of the bot."""

from pydantic import Field, HttpUrl, RedisDsn, SecretStr

from infra.settings import BotToken, ServiceSettings, ThrottledSettings


class BotSettings(ServiceSettings, ThrottledSettings):
    """What the bot needs beside what every process needs."""

    telegram_bot_token: BotToken
    telegram_webhook_secret: SecretStr = Field(min_length=1)
    webhook_url: HttpUrl
    telegram_api_url: HttpUrl = HttpUrl("https://api.telegram.org")
    redis_cache_url: RedisDsn
    port: int = 3000
