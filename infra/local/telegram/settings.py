"""What the simulator reads from the environment."""

import re
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _as_token(value: str) -> str:
    if not re.fullmatch(r"\d+:\S+", value):
        raise ValueError("should be digits, a colon and a secret, such as 123456:abc")
    return value


class SimulatorSettings(BaseSettings):
    """Everything has a default: the simulator also runs by itself."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    simulator_port: int = Field(default=8081, ge=0, le=65535)
    simulator_state: Path = Path(".local/telegram.json")
    simulator_retry_cap_seconds: float = Field(default=1.0, gt=0, le=3600)
    telegram_bot_token: Annotated[str, AfterValidator(_as_token)] = "123456:local-simulator-token"  # noqa: S105 (opens nothing but this simulator)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def bot_id(self) -> int:
        """The number before the colon of a token is the bot's own id."""
        return int(self.telegram_bot_token.partition(":")[0])


def load() -> SimulatorSettings:
    """Read the settings, or end the process with one line that names what is wrong, never its value."""
    try:
        return SimulatorSettings()
    except ValidationError as error:
        problems = "; ".join(f"{str(item['loc'][0]).upper()}: {item['msg'].lower()}" for item in error.errors())
        sys.exit(f"the Telegram simulator cannot start, settings are wrong: {problems}.")
