"""`/newchat`: a manager chooses a client, and gets a link of one use that connects the client's chat."""

import io
from datetime import UTC, datetime
from typing import Any

import segno
from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram.utils.deep_linking import create_startgroup_link
from pydantic import TypeAdapter

from bot.commands import MANAGERS
from bot.content import clean_name
from bot.identity import Is, Person
from bot.messages import buttons as verbs
from bot.messages import chat_invitation
from bot.messages.buttons import NONE, Buttons, Pressed
from bot.messages.chat_invitation import FoundClients, Invitation
from bot.messages.choices import Offered
from bot.pressing import Says, show
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

# Pixels per module: as large as a telephone shows it.
QR_SCALE = 10

router = Router(name="chat_invitation")
router.message.filter(F.chat.type == "private", Is(*MANAGERS))
say_refusals(router)

_offered = TypeAdapter(list[Offered])


class NewChat(StatesGroup):
    """The way to a link: which client, and perhaps the name of one who is to be made."""

    client = State()


@router.message(Command("newchat"))
async def new_chat(
    message: Message,
    command: CommandObject,
    bot: Bot,
    state: FSMContext,
    person: Person,
    database: Database,
    buttons: Buttons,
) -> None:
    """Look for the client that was named with the command, or ask for one."""
    await state.set_state(NewChat.client)
    if name := clean_name(command.args):
        await _look(bot, message, name, state, person, database, buttons)
    else:
        await message.answer(chat_invitation.which_client())


@router.message(NewChat.client, F.text)
async def named(
    message: Message, bot: Bot, state: FSMContext, person: Person, database: Database, buttons: Buttons
) -> None:
    """Look for the client who was named."""
    await _look(bot, message, clean_name(message.text), state, person, database, buttons)


@router.callback_query(Says(verbs.INVITE))
async def invite(
    query: CallbackQuery,
    pressed: Pressed,
    bot: Bot,
    state: FSMContext,
    person: Person,
    database: Database,
    buttons: Buttons,
) -> None:
    """Make the link for the client who was chosen."""
    await state.clear()
    await toast(query)
    if isinstance(query.message, Message):
        await _invite(bot, query.message, _chosen(pressed.row), person, database, buttons)


@router.callback_query(NewChat.client, Says(verbs.ADD_CLIENT))
async def add_client(
    query: CallbackQuery, bot: Bot, state: FSMContext, person: Person, database: Database, buttons: Buttons
) -> None:
    """Make the client who was named, and the link."""
    name = await state.get_value("name")
    added: Any = await database.call("add_client", name=name, telegram_id=person.telegram_id)
    await state.clear()
    await toast(query)
    if isinstance(query.message, Message):
        await _invite(bot, query.message, added, person, database, buttons)


@router.callback_query(Says(verbs.INVITED_OWNER))
async def choose_owner(
    query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons
) -> None:
    """Offer the people to whom the asker may give chats."""
    rows = await database.call("offer_owners", telegram_id=person.telegram_id)
    await show(query, *chat_invitation.which_owner(pressed.row, _offered.validate_python(rows), buttons))


@router.callback_query(Says(verbs.INVITED_POLICY))
async def choose_policy(
    query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons
) -> None:
    """Offer the policies."""
    rows = await database.call("offer_policies", telegram_id=person.telegram_id)
    await show(query, *chat_invitation.which_policy(pressed.row, _offered.validate_python(rows), buttons))


@router.callback_query(Says(verbs.OWNER, verbs.POLICY))
async def bind(
    query: CallbackQuery, pressed: Pressed, bot: Bot, person: Person, database: Database, buttons: Buttons
) -> None:
    """Bind the link to the owner or the policy that was chosen; the link itself stays."""
    function, column = {
        verbs.OWNER: ("set_invited_owner", "accountant_id"),
        verbs.POLICY: ("set_invited_policy", "policy_id"),
    }[pressed.verb]
    terms: dict[str, Any] = {column: _chosen(pressed.other or NONE)}
    row = await database.call(function, invitation_id=str(pressed.row), telegram_id=person.telegram_id, **terms)
    invitation = Invitation.model_validate(row)
    link = await create_startgroup_link(bot, invitation.token)
    await show(query, *chat_invitation.card(invitation, link, datetime.now(UTC), buttons))


async def _look(
    bot: Bot, message: Message, name: str, state: FSMContext, person: Person, database: Database, buttons: Buttons
) -> None:
    row = await database.call("find_clients", query=name, telegram_id=person.telegram_id)
    found = FoundClients.model_validate(row)
    if found.only:
        await state.clear()
        await _invite(bot, message, str(found.only.id), person, database, buttons)
        return
    await state.update_data(name=name)
    text, keyboard = chat_invitation.found(name, found, person.user_id or NONE, buttons)
    await message.answer(text, reply_markup=keyboard)


async def _invite(
    bot: Bot, message: Message, client: str | None, person: Person, database: Database, buttons: Buttons
) -> None:
    row = await database.call("invite_chat", client_id=client, telegram_id=person.telegram_id)
    invitation = Invitation.model_validate(row)
    link = await create_startgroup_link(bot, invitation.token)
    text, keyboard = chat_invitation.card(invitation, link, datetime.now(UTC), buttons)
    await message.answer(text, reply_markup=keyboard)
    await message.answer_photo(_qr(link), caption=chat_invitation.qr_caption())


def _qr(link: str) -> BufferedInputFile:
    picture = io.BytesIO()
    segno.make_qr(link).save(picture, kind="png", scale=QR_SCALE)
    return BufferedInputFile(picture.getvalue(), "link.png")


def _chosen(row: Any) -> str | None:
    return None if row == NONE else str(row)
