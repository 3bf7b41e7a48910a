"""A chat is connected, by a link or by hand, and whoever looks after it sees what is amiss and mends it."""

from typing import Any
from uuid import UUID

import structlog
from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.filters import JOIN_TRANSITION, ChatMemberUpdatedFilter, Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, ChatMemberMember, ChatMemberUpdated, Message, User
from pydantic import TypeAdapter

from bot.commands import MANAGERS
from bot.identity import Is, Person
from bot.introduction import introduce
from bot.messages import buttons as verbs
from bot.messages import chat_checklist, chat_connection
from bot.messages.buttons import NONE, Buttons, Pressed
from bot.messages.chat_checklist import Diagnosis
from bot.messages.choices import Offered
from bot.pressing import Says, show
from bot.refusals import say_refusals
from infra.supabase import Database

log = structlog.get_logger()

router = Router(name="chat_checklist")
router.message.filter(F.chat.type.in_({"group", "supergroup"}))
say_refusals(router)

_offered = TypeAdapter(list[Offered])


@router.message(CommandStart(deep_link=True))
async def connect(message: Message, command: CommandObject, event_from_user: User, database: Database) -> None:
    """Connect the group by the link that brought the bot; SQL knows what it is bound to, and tells whoever invited."""
    done: Any = await database.call(
        "connect_chat", token=command.args or "", chat_id=message.chat.id, telegram_id=event_from_user.id
    )
    log.info("chat_connected", is_measured=done["is_measured"])
    await message.answer(chat_connection.connected(hears=done["hears"]))


@router.my_chat_member(ChatMemberUpdatedFilter(JOIN_TRANSITION))
async def join(event: ChatMemberUpdated, bot: Bot, person: Person) -> None:
    """Tell who brought the bot to where it is deaf; people of the firm get the checklist by way of the outbox."""
    me = await bot.me()
    is_deaf = isinstance(event.new_chat_member, ChatMemberMember) and not me.can_read_all_group_messages
    if person.role is not None or not is_deaf:
        return
    try:
        await bot.send_message(person.telegram_id, chat_connection.deaf())
    except (TelegramForbiddenError, TelegramBadRequest):
        # Never wrote to the bot, so nobody may write there: the health page says it all the same.
        log.info("adder_not_reachable")


@router.message(Command("diagnose"), Is(*MANAGERS))
async def diagnose(message: Message, bot: Bot, person: Person, database: Database, buttons: Buttons) -> None:
    """Send the checklist to the asker in private: clients read the group."""
    await introduce(bot, database)
    row = await database.call("diagnose_chat", telegram_id=person.telegram_id, chat_id=message.chat.id)
    found = Diagnosis.model_validate(row)
    text, keyboard = chat_checklist.checklist(found), chat_checklist.keyboard(found, buttons)
    try:
        await bot.send_message(person.telegram_id, text, reply_markup=keyboard)
    except (TelegramForbiddenError, TelegramBadRequest) as refusal:
        log.info("diagnosis_not_delivered", reason=type(refusal).__name__)
        await message.answer(chat_connection.in_private())


@router.callback_query(Says(verbs.RECHECK))
async def recheck(
    query: CallbackQuery, pressed: Pressed, bot: Bot, person: Person, database: Database, buttons: Buttons
) -> None:
    """Look again, also at what @BotFather was told meanwhile."""
    await introduce(bot, database)
    await _show(query, database, buttons, "diagnose_chat", pressed.row, person)


@router.callback_query(Says(verbs.WATCH))
async def watch(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """Switch measuring on; refused while nobody would hear of a breach (E12)."""
    await _show(query, database, buttons, "watch_chat", pressed.row, person)


@router.callback_query(Says(verbs.TRUST))
async def trust(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """Have who writes as the group speak for the firm (B4)."""
    await _show(query, database, buttons, "trust_group_voices", pressed.row, person)


@router.callback_query(Says(verbs.ADOPT))
async def choose_client(
    query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons
) -> None:
    """Offer clients for a chat to which the bot was added by hand (A7)."""
    rows = await database.call("offer_clients", of_chat=str(pressed.row), telegram_id=person.telegram_id)
    await show(query, *chat_connection.whose_chat(pressed.row, _offered.validate_python(rows), buttons))


@router.callback_query(Says(verbs.ADOPT_FOR))
async def adopt(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """Connect the chat for the client who was chosen."""
    client = pressed.other or NONE
    chosen = None if client == NONE else str(client)
    await _show(query, database, buttons, "adopt_chat", pressed.row, person, client_id=chosen)


@router.callback_query(Says(verbs.GIVE))
async def choose_owner(
    query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons
) -> None:
    """Offer the people to whom the asker may give chats."""
    rows = await database.call("offer_owners", telegram_id=person.telegram_id)
    await show(query, *chat_connection.who_answers(pressed.row, _offered.validate_python(rows), buttons))


@router.callback_query(Says(verbs.GIVE_TO))
async def give(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """Give the chat to the person who was chosen."""
    owner = str(pressed.other)
    await _show(query, database, buttons, "assign_chat", pressed.row, person, accountant_id=owner)


async def _show(
    query: CallbackQuery,
    database: Database,
    buttons: Buttons,
    function: str,
    chat: UUID,
    person: Person,
    **arguments: Any,
) -> None:
    """Do what the button says, and put the checklist as it is then into its message."""
    row = await database.call(function, id=str(chat), telegram_id=person.telegram_id, **arguments)
    found = Diagnosis.model_validate(row)
    await show(query, chat_checklist.checklist(found), chat_checklist.keyboard(found, buttons))
