"""`/template`: a ready text is found, filled in for a chat, looked at, and only then sent in somebody's name."""

from datetime import UTC, datetime
from uuid import UUID

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User

from bot.messages import buttons as verbs
from bot.messages import template
from bot.messages.buttons import NONE, Buttons, Pressed
from bot.messages.queue import Chats
from bot.messages.template import Preview, Screen, Sent, Templates
from bot.pressing import Says, show
from bot.refusals import say_refusals
from infra.supabase import Database

router = Router(name="template")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("template"))
async def tell_templates(
    message: Message, command: CommandObject, event_from_user: User, database: Database, buttons: Buttons
) -> None:
    """Offer ready texts: those with the words that follow, or all."""
    row = await database.call("staff_templates", telegram_id=event_from_user.id, words=command.args or "")
    text, keyboard = template.templates(Templates.model_validate(row), buttons)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.TEMPLATES))
async def turn_templates(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Turn to another page."""
    await show(query, *await _templates(query.from_user.id, database, buttons, page=pressed.row.int))


@router.callback_query(Says(verbs.TEMPLATES_FOR))
async def choose_template(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Offer ready texts for a chat that is already chosen."""
    await show(query, *await _templates(query.from_user.id, database, buttons, chat=pressed.row))


@router.callback_query(Says(verbs.TEMPLATE_CHATS))
async def choose_chat(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Ask where to, page by page."""
    row = await database.call(
        "template_chats",
        template_id=str(pressed.row),
        telegram_id=query.from_user.id,
        page=(pressed.other or NONE).int,
    )
    await show(query, *template.destinations(Chats.model_validate(row), buttons))


@router.callback_query(Says(verbs.TEMPLATE_PREVIEW))
async def preview(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Show what the client would read."""
    row = await database.call(
        "preview_template", template_id=str(pressed.row), chat=str(pressed.other), telegram_id=query.from_user.id
    )
    await show(query, *template.preview(Preview.model_validate(row), buttons))


@router.callback_query(Says(verbs.TEMPLATE_SEND))
async def send(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """Owe the chat what was shown; SQL refuses if the text has changed since."""
    shown = query.message
    row = await database.call(
        "send_template",
        template_id=str(pressed.row),
        chat=str(pressed.other),
        telegram_id=query.from_user.id,
        preview_id=shown.message_id if shown else 0,
        seen_at=_seen_at(shown),
    )
    await show(query, template.sent(Sent.model_validate(row)), None)


async def _templates(
    person: int, database: Database, buttons: Buttons, *, page: int = 0, chat: UUID | None = None
) -> Screen:
    row = await database.call("staff_templates", telegram_id=person, page=page)
    return template.templates(Templates.model_validate(row), buttons, chat)


def _seen_at(shown: object) -> str | None:
    """Return when the preview came to be what it is; None for one that Telegram does not show us any more."""
    if not isinstance(shown, Message):
        return None
    edited = shown.edit_date and datetime.fromtimestamp(shown.edit_date, UTC)
    return (edited or shown.date).isoformat()
