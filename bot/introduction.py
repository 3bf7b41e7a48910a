"""Who the bot is to Telegram, told to the database: by what name it is reached, and whether it reads whole groups."""

from typing import Any

import structlog
from aiogram import Bot

from infra.supabase import Database

log = structlog.get_logger()


async def introduce(bot: Bot, database: Database) -> None:
    """Ask Telegram and tell the database; warn of groups in which the bot hears only what is addressed to it (G1)."""
    me = await bot.get_me()
    # False in privacy mode, unless the bot is an administrator.
    reads_all = me.can_read_all_group_messages is True
    deaf: Any = await database.call("note_bot", telegram_id=me.id, username=me.username, reads_all=reads_all)
    if deaf:
        log.warning("privacy_mode_on", deaf_groups=deaf)
