"""`/start` in private: a bot may write only to who wrote first, and a person's own link ties the account to them."""

from typing import Any

import structlog
from aiogram import F, Router
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import Message, User

from bot.commands import STAFF
from bot.errors import words
from bot.identity import PEOPLE, Person, asked, key_of
from bot.messages import start
from infra.supabase import Database, Refused

LINK = "verify_"

log = structlog.get_logger()

router = Router(name="start")
router.message.filter(F.chat.type == "private")


@router.message(CommandStart(deep_link=True, magic=F.args.startswith(LINK)))
async def tie(message: Message, command: CommandObject, event_from_user: User, database: Database) -> None:
    """Tie this account to the person whose link it is; SQL knows whose, and whether it still opens."""
    token = (command.args or "").removeprefix(LINK)
    try:
        name: Any = await database.call(
            "link_telegram", token=token, telegram_id=event_from_user.id, username=event_from_user.username
        )
    except Refused as refusal:
        log.info("telegram_link_refused", reason=refusal.key)
        await message.answer(words(refusal.key))
        return
    log.info("telegram_linked")
    # Whoever this was a moment ago, nobody perhaps, is remembered for a while.
    (tied,) = PEOPLE.validate_python(await database.call("identify_all", people=asked([key_of(event_from_user, None)])))
    await message.answer(start.tied(name, is_alerted=tied.role in STAFF))


@router.message(CommandStart())
async def greet(message: Message, person: Person, database: Database) -> None:
    """Greet by name whom the firm knows, and note that they can be reached."""
    if person.user_id:
        await database.call("greet", telegram_id=person.telegram_id)
    await message.answer(start.greeting(person.full_name, is_alerted=person.role in STAFF))
