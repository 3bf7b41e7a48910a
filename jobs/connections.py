"""What every job works with. arq hands it over as `ctx["connections"]`, the ticks as their argument."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiogram import Bot

from bot.messages.buttons import Buttons
from infra.redis import Hints
from infra.supabase import Database
from jobs.model import Model


@dataclass(frozen=True, slots=True)
class Connections:
    """The open connections of the process, and what its operator chose for a new firm. No model, no second look."""

    database: Database
    bot: Bot
    buttons: Buttons
    hints: Hints
    firm_defaults: Mapping[str, Any] = field(default_factory=dict)
    model: Model | None = None
