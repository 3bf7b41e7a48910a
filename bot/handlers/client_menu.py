"""`/menu`: what a client can ask the bot for, in the group and in private."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, MaybeInaccessibleMessageUnion, Message, User

from bot.messages import client_menu
from bot.messages.buttons import CALL_ACCOUNTANT, SHOW_REQUESTS, Buttons, Pressed
from bot.messages.client_menu import Call, Menu, Requests
from bot.pressing import Says, show
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

router = Router(name="client_menu")
say_refusals(router)


@router.message(Command("menu"))
async def offer(message: Message, event_from_user: User, database: Database, buttons: Buttons) -> None:
    """Offer it; SQL knows which chat the client speaks of (G7)."""
    row = await database.call("client_menu", telegram_id=event_from_user.id, pressed_in=message.chat.id)
    menu = Menu.model_validate(row)
    text = client_menu.menu(menu, is_private=message.chat.type == "private")
    await message.answer(text, reply_markup=client_menu.keyboard(menu.chat, buttons))


@router.callback_query(Says(CALL_ACCOUNTANT), F.message.as_("place"))
async def call(query: CallbackQuery, place: MaybeInaccessibleMessageUnion, database: Database) -> None:
    """Pass the call on; the box over the chat says what became of it, so that a group stays quiet."""
    topic = place.message_thread_id if isinstance(place, Message) and place.is_topic_message else None
    row = await database.call(
        "call_accountant", telegram_id=query.from_user.id, pressed_in=place.chat.id, topic_id=topic or 0
    )
    await toast(query, client_menu.called(Call.model_validate(row), datetime.now(UTC)), show_alert=True)


@router.callback_query(Says(SHOW_REQUESTS), F.message.as_("place"))
async def tell(
    query: CallbackQuery, pressed: Pressed, place: MaybeInaccessibleMessageUnion, database: Database, buttons: Buttons
) -> None:
    """Write into the menu itself what is open: a group gets no message more."""
    row = await database.call("requests_of_client", telegram_id=query.from_user.id, pressed_in=place.chat.id)
    facts, is_private = Requests.model_validate(row), place.chat.type == "private"
    text = client_menu.requests(facts, datetime.now(UTC), is_private=is_private)
    await show(query, text, client_menu.keyboard(pressed.row, buttons))
