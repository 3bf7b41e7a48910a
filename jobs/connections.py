"""What every job works with. arq hands it over as `ctx["connections"]`, the ticks as their argument."""

from dataclasses import dataclass

from aiogram import Bot

from bot.messages.buttons import Buttons
from infra.redis import Hints
from infra.supabase import Database


@dataclass(frozen=True, slots=True)
class Connections:
    """The open connections of the process."""

    database: Database
    bot: Bot
    buttons: Buttons
    hints: Hints
