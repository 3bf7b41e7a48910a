"""`/absence`: when one is away and who stands in. SQL refuses circles and days that cannot be."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from bot.identity import Person
from bot.messages import absence
from bot.messages import buttons as verbs
from bot.messages.absence import Absences, Colleagues, Days, Screen
from bot.messages.buttons import NONE, Buttons, Pressed
from bot.pressing import Says, show
from bot.refusals import say_refusals
from infra.supabase import Database


class Planning(StatesGroup):
    """What has been asked and not answered yet."""

    days = State()


router = Router(name="absence")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("absence"))
async def tell_absences(
    message: Message, command: CommandObject, person: Person, database: Database, buttons: Buttons
) -> None:
    """Say when one is away; days that follow the command are planned at once."""
    row = await database.call("staff_absences", telegram_id=person.telegram_id)
    text, keyboard = absence.absences(Absences.model_validate(row), _today(person), buttons)
    if command.args:
        text, keyboard = await _days(command.args, person, database, buttons)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.ABSENCE_PLAN))
async def ask_days(query: CallbackQuery, person: Person, state: FSMContext, database: Database) -> None:
    """Ask for the days."""
    # Who has lost the right is told now, not after having answered.
    await database.call("staff_absences", telegram_id=person.telegram_id)
    await state.set_state(Planning.days)
    await show(query, absence.asked(), None)


@router.message(Planning.days, F.text)
async def take_days(message: Message, person: Person, state: FSMContext, database: Database, buttons: Buttons) -> None:
    """Take the days, and ask who stands in."""
    text, keyboard = await _days(message.text or "", person, database, buttons)
    if keyboard:
        await state.clear()
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.ABSENCE_WHO))
async def turn_colleagues(
    query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons
) -> None:
    """Turn to another page of colleagues."""
    days = absence.unpacked(pressed.other or NONE)
    await show(query, *await _who(days, person, database, buttons, page=pressed.row.int))


@router.callback_query(Says(verbs.ABSENCE_SAVE))
async def save(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """Plan it; whoever stands in is told by what they get from then on."""
    first, last = absence.unpacked(pressed.other or NONE)
    row = await database.call(
        "plan_absence",
        telegram_id=person.telegram_id,
        first_on=first.isoformat(),
        last_on=last.isoformat(),
        substitute_id=None if pressed.row == NONE else str(pressed.row),
    )
    await show(query, *absence.absences(Absences.model_validate(row), _today(person), buttons))


@router.callback_query(Says(verbs.ABSENCE_CANCEL))
async def cancel(query: CallbackQuery, pressed: Pressed, person: Person, database: Database, buttons: Buttons) -> None:
    """End it: one that has begun ends now."""
    row = await database.call("cancel_absence", absence_id=str(pressed.row), telegram_id=person.telegram_id)
    await show(query, *absence.absences(Absences.model_validate(row), _today(person), buttons))


async def _days(text: str, person: Person, database: Database, buttons: Buttons) -> Screen:
    days = absence.days(text, _today(person))
    return await _who(days, person, database, buttons) if days else (absence.not_days(), None)


async def _who(days: Days, person: Person, database: Database, buttons: Buttons, page: int = 0) -> Screen:
    row = await database.call("staff_colleagues", telegram_id=person.telegram_id, page=page)
    return absence.who(days, Colleagues.model_validate(row), _today(person), buttons)


def _today(person: Person) -> date:
    return datetime.now(ZoneInfo(person.timezone)).date()
