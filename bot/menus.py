"""What Telegram lists under «/»: to everybody the common commands, to people of the firm those of their role.

The database knows what should be listed to whom and what Telegram took; this sends the difference, whoever of several
copies of the bot comes first. A new table of commands is a new edition, and goes out again.

That look is also what notices people who became somebody, or somebody else, without a function of `api` that announces
it: known by @username and recognised as they wrote in a chat, or changed by an operator with psql.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
    BotCommandScopeUnion,
)
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.commands import COMMANDS, Scope, listed
from bot.identity import Role
from infra.caching import IDENTITY
from infra.redis import Hints
from infra.supabase import Database, Refused, Unavailable
from infra.words import LANGUAGES, _, speaking

SECONDS = 3

log = structlog.get_logger()


class Stale(BaseModel):
    """An account whose list is not what it should be, as `api.claim_menus` names it; without a role it gets none."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    telegram_id: int
    role: Role | None
    locale: str | None
    told: str | None
    is_changed: bool
    """The role or the language, and not only the commands of a release; false when it is tried again."""


STALE = TypeAdapter(list[Stale])


@cache
def edition() -> str:
    """Return what tells this table of commands from another release's."""
    table = repr([(COMMANDS, _listing("admin", "private", language)) for language in LANGUAGES])
    return hashlib.sha256(table.encode()).hexdigest()[:12]


@asynccontextmanager
async def menus(bot: Bot, database: Database, hints: Hints, seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Keep the lists right while the block runs."""
    task = asyncio.create_task(_keep_telling(bot, database, hints, seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def tell_people(bot: Bot, database: Database, hints: Hints) -> None:
    """Send what is not listed as it should be, and note what Telegram took."""
    stale = STALE.validate_python(await database.call("claim_menus", edition=edition()))
    if any(one.is_changed for one in stale):
        hints.say(IDENTITY)
    accepted: list[dict[str, Any]] = [
        {"telegram_id": one.telegram_id, "told": one.told} for one in stale if await _is_taken(bot, one)
    ]
    if accepted:
        await database.call("settle_menus", accepted=accepted)
        log.info("menus_told", count=len(accepted))


async def tell_everybody(bot: Bot) -> None:
    """List the common commands, in private and in groups, in every language."""
    scopes: list[tuple[BotCommandScopeUnion, Scope]] = [
        (BotCommandScopeDefault(), "private"),
        (BotCommandScopeAllGroupChats(), "group"),
    ]
    for place, scope in scopes:
        for language in LANGUAGES:
            # The first language is for whoever speaks none of the others.
            code = None if language == LANGUAGES[0] else language
            await bot.set_my_commands(_listing(None, scope, language), scope=place, language_code=code)


async def _keep_telling(bot: Bot, database: Database, hints: Hints, seconds: float) -> None:
    is_known = False
    while True:
        try:
            if not is_known:
                await tell_everybody(bot)
                is_known = True
            await tell_people(bot, database, hints)
        except (AiogramError, Refused, Unavailable) as error:
            log.warning("menus_not_told_yet", reason=type(error).__name__)
        except Exception as error:
            # Whatever was answered in Telegram's or the database's place, the next look is due in its time.
            log.error("menus_failed", exc_info=error)
        await asyncio.sleep(seconds)


async def _is_taken(bot: Bot, one: Stale) -> bool:
    """Return whether Telegram lists it now; to an account that never wrote to the bot it lists nothing."""
    place = BotCommandScopeChat(chat_id=one.telegram_id)
    try:
        if one.role is None:
            await bot.delete_my_commands(scope=place)
        else:
            await bot.set_my_commands(_listing(one.role, "private", one.locale), scope=place)
    except (TelegramBadRequest, TelegramForbiddenError):
        return one.role is None
    return True


def _listing(role: Role | None, scope: Scope, language: str | None) -> list[BotCommand]:
    with speaking(language):
        return [BotCommand(command=command.name, description=_(command.what)) for command in listed(role, scope)]
