"""`/queue`, `/mychats` and `/digest`: who waits for whom, and what to do about it. SQL decides whose waits one sees."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message, User

from bot.messages import buttons as verbs
from bot.messages import queue, sla_escalation
from bot.messages.buttons import Buttons, Pressed
from bot.messages.queue import Chats, Queue, Screen, Wait
from bot.messages.sla_escalation import PressResult
from bot.messages.windows import MessageFacts
from bot.pressing import Says, show
from bot.refusals import say_refusals
from infra.supabase import Database

ACTS = {verbs.WAIT_TAKE: "take", verbs.WAIT_EXCUSE: "no_answer_needed"}

router = Router(name="queue")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("queue"))
async def tell_queue(message: Message, event_from_user: User, database: Database, buttons: Buttons) -> None:
    """Say who waits."""
    text, keyboard = await _queue(event_from_user.id, 0, database, buttons)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.QUEUE))
async def turn_queue(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Turn to another page, or look again."""
    await show(query, *await _queue(query.from_user.id, pressed.row.int, database, buttons))


@router.callback_query(Says(verbs.WAIT))
async def open_wait(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Open one wait in place of the list."""
    await show(query, *await _card(query.from_user.id, pressed, database, buttons))


@router.callback_query(Says(*ACTS))
async def act(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Take it in hand, or say that no answer is needed (S5, S11)."""
    person = query.from_user.id
    row = await database.call("press_request", request_id=str(pressed.row), verb=ACTS[pressed.verb], telegram_id=person)
    said = sla_escalation.toast(PressResult.model_validate(row), datetime.now(UTC))
    await show(query, *await _card(person, pressed, database, buttons), said)


@router.message(Command("mychats"))
async def tell_chats(message: Message, event_from_user: User, database: Database, buttons: Buttons) -> None:
    """Say which chats one answers for."""
    text, keyboard = await _chats(event_from_user.id, 0, database, buttons)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.MY_CHATS))
async def turn_chats(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Turn to another page."""
    await show(query, *await _chats(query.from_user.id, pressed.row.int, database, buttons))


@router.message(Command("digest"))
async def tell_digest(message: Message, event_from_user: User, database: Database) -> None:
    """Say who waits right now, chat by chat."""
    row = await database.call("staff_digest", telegram_id=event_from_user.id)
    await message.answer(queue.digest(MessageFacts.model_validate(row)))


async def _queue(person: int, page: int, database: Database, buttons: Buttons) -> Screen:
    row = await database.call("staff_queue", telegram_id=person, page=page)
    return queue.queue(Queue.model_validate(row), buttons)


async def _card(person: int, pressed: Pressed, database: Database, buttons: Buttons) -> Screen:
    row = await database.call("staff_request", request_id=str(pressed.row), telegram_id=person)
    return queue.card(Wait.model_validate(row), buttons)


async def _chats(person: int, page: int, database: Database, buttons: Buttons) -> Screen:
    row = await database.call("staff_chats", telegram_id=person, page=page)
    return queue.chats(Chats.model_validate(row), buttons)
