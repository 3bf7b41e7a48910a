"""Ratings: the stars under a survey, what is said to them in private, and whose business a low one is."""

from datetime import UTC, datetime
from typing import Any

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery, MaybeInaccessibleMessageUnion, Message, User

from bot.content import person_name
from bot.messages import feedback, feedback_case
from bot.messages.buttons import RATE_US, RATINGS, TAKE_CASE, Buttons, Pressed
from bot.messages.feedback import Survey, Vote
from bot.pressing import Says, show
from bot.refusals import say_refusals
from bot.toasts import toast
from infra.supabase import Database

router = Router(name="feedback")
say_refusals(router)


@router.callback_query(Says(RATE_US), F.message.as_("place"))
async def offer(
    query: CallbackQuery, place: MaybeInaccessibleMessageUnion, database: Database, buttons: Buttons
) -> None:
    """Write the survey into the menu itself: a group gets no message more."""
    row = await database.call("offer_survey", telegram_id=query.from_user.id, pressed_in=place.chat.id)
    survey = Survey.model_validate(row)
    question = feedback.survey(survey, datetime.now(UTC), is_private=place.chat.type == "private")
    await show(query, question, feedback.keyboard(survey, buttons))


@router.callback_query(Says(*RATINGS), F.message.as_("place"))
async def vote(
    query: CallbackQuery, pressed: Pressed, place: MaybeInaccessibleMessageUnion, database: Database
) -> None:
    """Take the vote, or take it back; the presser alone is told, and the message stays as it is (H1)."""
    row = await database.call(
        "vote",
        delivery=str(pressed.row),
        telegram_id=query.from_user.id,
        pressed_in=place.chat.id,
        rating=RATINGS[pressed.verb],
        full_name=person_name(query.from_user.model_dump()),
        username=query.from_user.username,
    )
    done = Vote.model_validate(row)
    # What invites to say more must not go by itself.
    await toast(query, feedback.voted(done, is_private=place.chat.type == "private"), show_alert=done.invites)


@router.callback_query(Says(TAKE_CASE))
async def take(query: CallbackQuery, pressed: Pressed, database: Database) -> None:
    """Make it the presser's; SQL decides whether they may."""
    await database.call("take_case", id=str(pressed.row), telegram_id=query.from_user.id)
    await toast(query, feedback_case.taken())


@router.message(F.chat.type == "private", F.text, ~F.text.startswith("/"), StateFilter(None))
async def comment(message: Message, event_from_user: User, database: Database) -> None:
    """Add it to the vote of the last ten minutes (H4). Who has not voted says something else, for others to take."""
    row: Any = await database.call("comment_vote", telegram_id=event_from_user.id, body=message.text)
    if row["outcome"] != "commented":
        raise SkipHandler
    await message.answer(feedback.commented())
