"""`/notifications`: what one is told and when. SQL refuses to silence what is late."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message, User

from bot.errors import words
from bot.messages import buttons as verbs
from bot.messages import notifications
from bot.messages.buttons import Buttons, Pressed
from bot.messages.notifications import Notifications
from bot.pressing import Says, show
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

router = Router(name="notifications")
router.message.filter(F.chat.type == "private")
say_refusals(router)


@router.message(Command("notifications"))
async def tell_notifications(
    message: Message, command: CommandObject, event_from_user: User, database: Database, buttons: Buttons
) -> None:
    """Say what was chosen; hours that follow the command are the quiet ones from now on."""
    row = await database.call("staff_notifications", telegram_id=event_from_user.id)
    if command.args:
        hours = notifications.hours(command.args)
        if hours is None:
            await message.answer(notifications.not_hours())
            return
        row = await database.call(
            "choose_quiet_hours", telegram_id=event_from_user.id, quiet_from=hours[0], quiet_until=hours[1]
        )
    text, keyboard = notifications.notifications(Notifications.model_validate(row), buttons)
    await message.answer(text, reply_markup=keyboard)


@router.callback_query(Says(verbs.NOTIFY, verbs.SILENCE))
async def choose_kind(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Turn a kind on or off."""
    kind = notifications.kind(pressed.row.int)
    if kind is None:
        await toast(query, words("unknown_button"), show_alert=True)
        return
    wanted = pressed.verb == verbs.NOTIFY
    row = await database.call("choose_notification", telegram_id=query.from_user.id, kind=kind, wanted=wanted)
    await _renew(query, row, buttons)


@router.callback_query(Says(verbs.QUIET))
async def choose_quiet(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Choose quiet hours, or none."""
    since, until = notifications.unpacked(pressed.row.int) or (None, None)
    row = await database.call("choose_quiet_hours", telegram_id=query.from_user.id, quiet_from=since, quiet_until=until)
    await _renew(query, row, buttons)


@router.callback_query(Says(verbs.ALERTS_PER_HOUR))
async def choose_amount(query: CallbackQuery, pressed: Pressed, database: Database, buttons: Buttons) -> None:
    """Choose how many messages with a sound one takes in an hour (E22)."""
    row = await database.call("choose_alerts_per_hour", telegram_id=query.from_user.id, amount=pressed.row.int)
    await _renew(query, row, buttons)


async def _renew(query: CallbackQuery, row: object, buttons: Buttons) -> None:
    await show(query, *notifications.notifications(Notifications.model_validate(row), buttons))
