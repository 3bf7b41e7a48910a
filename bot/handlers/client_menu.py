"""`/menu`: what a client can ask the bot for, in the group and in private."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, User

from bot.errors import words
from bot.messages import client_menu
from bot.messages.buttons import CALL_ACCOUNTANT, SHOW_REQUESTS, Buttons
from bot.messages.client_menu import Call, Menu, Requests
from bot.toasts import toast
from infra.supabase import Database, Refused

router = Router(name="client_menu")


@router.message(Command("menu"))
async def offer(message: Message, event_from_user: User, database: Database, buttons: Buttons) -> None:
    """Offer it; SQL knows which chat the client speaks of (G7)."""
    try:
        row = await database.call("client_menu", telegram_id=event_from_user.id, pressed_in=message.chat.id)
    except Refused as refusal:
        await message.answer(words(refusal.key))
        return
    menu = Menu.model_validate(row)
    text = client_menu.menu(menu, is_private=message.chat.type == "private")
    await message.answer(text, reply_markup=client_menu.keyboard(menu.chat, buttons))


@router.callback_query(F.data.split(":")[0] == CALL_ACCOUNTANT)
async def call(query: CallbackQuery, database: Database, buttons: Buttons) -> None:
    """Pass the call on; the box over the chat says what became of it, so that a group stays quiet."""
    if buttons.unpack(query.data) is None or query.message is None:
        await toast(query, words("unknown_button"), show_alert=True)
        return
    place = query.message
    topic = place.message_thread_id if isinstance(place, Message) and place.is_topic_message else None
    try:
        row = await database.call(
            "call_accountant", telegram_id=query.from_user.id, pressed_in=place.chat.id, topic_id=topic or 0
        )
    except Refused as refusal:
        await toast(query, words(refusal.key), show_alert=True)
        return
    await toast(query, client_menu.called(Call.model_validate(row), datetime.now(UTC)), show_alert=True)


@router.callback_query(F.data.split(":")[0] == SHOW_REQUESTS)
async def show(query: CallbackQuery, database: Database, buttons: Buttons) -> None:
    """Write into the menu itself what is open: a group gets no message more."""
    pressed = buttons.unpack(query.data)
    if pressed is None or not isinstance(query.message, Message):
        await toast(query, words("unknown_button"), show_alert=True)
        return
    place = query.message.chat
    try:
        row = await database.call("requests_of_client", telegram_id=query.from_user.id, pressed_in=place.id)
    except Refused as refusal:
        await toast(query, words(refusal.key), show_alert=True)
        return
    facts, is_private = Requests.model_validate(row), place.type == "private"
    text = client_menu.requests(facts, datetime.now(UTC), is_private=is_private)
    await _write(query.message, text, client_menu.keyboard(pressed.row, buttons))
    await query.answer()


async def _write(message: Message, text: str, keyboard: InlineKeyboardMarkup) -> None:
    try:
        await message.edit_text(text, reply_markup=keyboard)
    except TelegramBadRequest as refusal:
        # Pressed again, and nothing has changed since.
        if "message is not modified" not in refusal.message:
            raise
