"""Ordering a document: a form of three questions. In a group it is filled by buttons, in private in words as well."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message, User

from bot.content import person_name
from bot.errors import words
from bot.identity import Person
from bot.messages import document_order
from bot.messages.buttons import (
    DOCUMENT_VERBS,
    ORDER_CANCEL,
    ORDER_DOCUMENT,
    ORDER_SEND,
    ORDER_VERBS,
    PERIOD_VERBS,
    Buttons,
)
from bot.pressing import Says
from bot.toasts import toast
from infra.supabase import Database, Refused

VERB = F.data.split(":")[0]

router = Router(name="document_order")


class Form(StatesGroup):
    """How far an order has come."""

    document = State()
    period = State()
    comment = State()


@router.callback_query(Says(ORDER_DOCUMENT))
async def begin(query: CallbackQuery, state: FSMContext, buttons: Buttons) -> None:
    """Ask what is wanted, in place of the menu in private and beside it in a group, where others use it."""
    if not isinstance(query.message, Message):
        await toast(query, words("unknown_button"), show_alert=True)
        return
    order = uuid4()
    text, keyboard = document_order.ask_document(order, buttons)
    await state.set_state(Form.document)
    await state.set_data({"order": str(order)})
    await query.message.answer(text, reply_markup=keyboard)
    await query.answer()


@router.callback_query(Form(), VERB == ORDER_CANCEL)
async def cancel(query: CallbackQuery, state: FSMContext) -> None:
    """Give it up, at whatever question."""
    await state.clear()
    if isinstance(query.message, Message):
        await query.message.edit_text(document_order.cancelled())
    await query.answer()


@router.callback_query(Form.document, VERB.in_(DOCUMENT_VERBS))
async def choose_document(query: CallbackQuery, state: FSMContext, buttons: Buttons) -> None:
    """Ask for the period."""
    if (asked := await _asked(query, state, buttons)) is None:
        return
    verb, order, message = asked
    text, keyboard = document_order.ask_period(order, buttons, is_private=message.chat.type == "private")
    await state.update_data(document=verb)
    await state.set_state(Form.period)
    await message.edit_text(text, reply_markup=keyboard)
    await query.answer()


@router.callback_query(Form.period, VERB.in_(PERIOD_VERBS))
async def choose_period(query: CallbackQuery, state: FSMContext, buttons: Buttons, person: Person) -> None:
    """Show the order, and ask for more."""
    if (asked := await _asked(query, state, buttons)) is None:
        return
    verb, order, message = asked
    today = datetime.now(ZoneInfo(person.timezone)).date()
    known = await state.update_data(period=document_order.period(verb, today))
    await state.set_state(Form.comment)
    text, keyboard = document_order.ask_comment(
        order, buttons, _words(known), is_private=message.chat.type == "private"
    )
    await message.edit_text(text, reply_markup=keyboard)
    await query.answer()


@router.message(Form.period, F.chat.type == "private", F.text)
async def write_period(message: Message, state: FSMContext, buttons: Buttons) -> None:
    """Take the period as it was written."""
    known = await state.update_data(period=message.text)
    await state.set_state(Form.comment)
    text, keyboard = document_order.ask_comment(UUID(known["order"]), buttons, _words(known), is_private=True)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Form.comment, VERB == ORDER_SEND)
async def send(query: CallbackQuery, state: FSMContext, buttons: Buttons, database: Database) -> None:
    """Order it as it stands."""
    if (asked := await _asked(query, state, buttons)) is None:
        return
    await asked[2].edit_text(await _order(asked[2], query.from_user, state, database))
    await query.answer()


@router.message(Form.comment, F.chat.type == "private", F.text)
async def comment(message: Message, event_from_user: User, state: FSMContext, database: Database) -> None:
    """Order it with what was added."""
    await state.update_data(comment=message.text)
    await message.answer(await _order(message, event_from_user, state, database))


@router.callback_query(Form(), VERB.in_(ORDER_VERBS))
async def earlier(query: CallbackQuery) -> None:
    """A button of a question that was answered before."""
    await toast(query, words("unknown_button"))


async def _asked(query: CallbackQuery, state: FSMContext, buttons: Buttons) -> tuple[str, UUID, Message] | None:
    """Return what was pressed, for which order, in which message; None, with the press answered, when it is another."""
    pressed = buttons.unpack(query.data)
    if pressed and isinstance(query.message, Message) and (await state.get_data()).get("order") == str(pressed.row):
        return pressed.verb, pressed.row, query.message
    await toast(query, words("unknown_button"), show_alert=True)
    return None


async def _order(place: Message, client: User, state: FSMContext, database: Database) -> str:
    """Record the order, and return what to say of it."""
    known = await state.get_data()
    try:
        row: Any = await database.call(
            "order_document",
            telegram_id=client.id,
            pressed_in=place.chat.id,
            order_id=known["order"],
            words=_words(known),
            author_name=person_name(client.model_dump()),
            topic_id=place.message_thread_id if place.is_topic_message else 0,
        )
    except Refused as refusal:
        await state.clear()
        return words(refusal.key)
    await state.clear()
    return document_order.taken(row["chat_name"])


def _words(known: dict[str, Any]) -> str:
    return document_order.words(known["document"], known["period"], known.get("comment", ""))
