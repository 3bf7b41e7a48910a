"""The end of the list: what nobody has taken gets one plain sentence, above all what belonged to a lost form."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, User

from bot.conversation import Conversations
from bot.errors import words
from bot.messages import conversation
from bot.messages.buttons import FORM_VERBS
from bot.toasts import toast
from infra.throttling import Limiter

# What people say; the rest is Telegram telling of pins, pictures and payments.
SAID = {
    *(ContentType.TEXT, ContentType.PHOTO, ContentType.VIDEO, ContentType.DOCUMENT, ContentType.AUDIO),
    *(ContentType.VOICE, ContentType.VIDEO_NOTE, ContentType.STICKER, ContentType.ANIMATION),
    *(ContentType.LOCATION, ContentType.CONTACT, ContentType.POLL),
}

router = Router(name="conversation")


@router.message(F.chat.type == "private", F.content_type.in_(SAID))
async def unclaimed(
    message: Message,
    event_from_user: User,
    state: FSMContext,
    raw_state: str | None,
    conversations: Conversations,
    limiter: Limiter,
    rarely: int,
) -> None:
    """Help, a few times a minute: whoever sends a hundred pictures needs to be told once."""
    verdict = await limiter.spend(f"unclaimed:{event_from_user.id}", rarely)
    if not verdict.passes:
        return
    if raw_state:
        await message.answer(conversation.not_fitting())
    elif await conversations.is_lost(state.key):
        await message.answer(conversation.lost())
    else:
        await message.answer(conversation.not_understood())


@router.callback_query(F.data.split(":")[0].in_(FORM_VERBS))
async def lost(query: CallbackQuery) -> None:
    """A button of a form that is over, or was never asked for in this chat."""
    await toast(query, conversation.lost(), show_alert=True)


@router.callback_query()
async def unknown(query: CallbackQuery) -> None:
    """Answer every press: a button nobody knows any more must not spin for ever."""
    await toast(query, words("unknown_button"), show_alert=True)
