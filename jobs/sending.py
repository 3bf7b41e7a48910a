"""One message to Telegram: sent, sent anew or edited, and what became of it in the words of the database."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import InlineKeyboardMarkup, ReactionTypeEmoji, ReplyParameters
from pydantic import BaseModel, ConfigDict

from bot.messages import (
    accountant_call,
    chat_checklist,
    chat_notice,
    document_order,
    faq_answer,
    feedback,
    feedback_case,
    feedback_digest,
    replies,
    sla_digest,
    sla_escalation,
)
from bot.messages.accountant_call import CallFacts
from bot.messages.buttons import Buttons
from bot.messages.chat_checklist import Diagnosis
from bot.messages.document_order import Order
from bot.messages.faq_answer import Offer
from bot.messages.feedback import Survey
from bot.messages.feedback_case import CaseFacts
from bot.messages.feedback_digest import DigestFacts
from bot.messages.replies import Answer, Opening, Place, Receipt
from bot.messages.windows import MessageFacts
from infra.words import speaking
from jobs.connections import Connections

# Less than what SIGTERM waits for jobs under way, so that what was sent is also recorded.
SECONDS = 6

NOT_MODIFIED = "message is not modified"

# What Telegram says, and what it means; anything else that it refuses would be refused again.
_MEANINGS = {
    "bot was blocked by the user": "blocked",
    "user is deactivated": "deleted",
    "can't initiate conversation": "not_started",
    "chat not found": "not_started",
    "message to edit not found": "gone",
    "message can't be edited": "gone",
    "message_id_invalid": "gone",
}


class Owed(BaseModel):
    """A claimed message, as `api.claim_outbox` returns it."""

    # Hidden: an error goes to the log, and what it would quote is somebody's words.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    kind: Literal[
        "sla_alert",
        "sla_digest",
        "chat_notice",
        "accountant_call",
        "off_hours_reply",
        "receipt",
        "faq_answer",
        "document_order",
        "chat_reply",
        "survey",
        "survey_reminder",
        "low_rating",
        "survey_digest",
    ]
    recipient_chat_id: int
    telegram_message_id: int | None
    rings: bool
    # The recipient's.
    locale: str
    facts: MessageFacts | CallFacts | CaseFacts | DigestFacts | Opening | Receipt | Offer | Order | Survey | Answer

    @property
    def place(self) -> Place:
        """Where in a chat it belongs; what people of the firm get stands by itself."""
        return self.facts if isinstance(self.facts, Place) else Place()


class Outcome(BaseModel):
    """What became of a message, as `api.settle_outbox` takes it."""

    model_config = ConfigDict(frozen=True)

    outcome: str
    telegram_message_id: int | None = None
    # Unix seconds, as Telegram dated it.
    telegram_date: int | None = None
    error: str | None = None
    retry_after: int | None = None
    migrated_to: int | None = None


def worded(message: Owed, buttons: Buttons) -> tuple[str, InlineKeyboardMarkup | None]:
    """Return text and keyboard of a message."""
    match message.facts:
        case Place() as facts:
            return _worded_for_clients(facts, buttons)
        case CallFacts() | CaseFacts() | DigestFacts() as facts:
            return _worded_for_the_firm(facts, buttons)
        case MessageFacts(diagnosis=Diagnosis() as found):
            return chat_checklist.checklist(found), chat_checklist.keyboard(found, buttons)
        case facts if message.kind == "chat_notice":
            return chat_notice.notice(facts), None
        case facts:
            text = sla_digest.digest(facts) if message.kind == "sla_digest" else sla_escalation.alert(facts)
            return text, sla_escalation.keyboard(facts, message.id, buttons)


async def send(connections: Connections, message: Owed) -> Outcome:
    """Bring the recipient's copy up to date, in the recipient's language."""
    try:
        with speaking(message.locale):
            return await _send(connections, message)
    except TelegramRetryAfter as wait:
        return Outcome(outcome="retry", error="told to wait", retry_after=wait.retry_after)
    except TelegramMigrateToChat as move:
        return Outcome(outcome="migrated", error="moved", migrated_to=move.migrate_to_chat_id)
    except (TelegramForbiddenError, TelegramBadRequest) as refusal:
        return _refused(refusal.message)
    except AiogramError as error:
        # Telegram or the way to it: also an answer that is not the Bot API's at all, such as a proxy's page.
        return Outcome(outcome="retry", error=getattr(error, "message", type(error).__name__))


def _worded_for_clients(
    facts: Opening | Receipt | Offer | Order | Survey | Answer, buttons: Buttons
) -> tuple[str, InlineKeyboardMarkup | None]:
    match facts:
        case Opening():
            return replies.off_hours(facts, datetime.now(UTC)), None
        case Receipt():
            return replies.received(facts), None
        case Offer():
            return faq_answer.offer(facts), faq_answer.keyboard(facts, buttons)
        case Order():
            return document_order.ordered(facts), None
        case Survey():
            # In the group itself nobody has to be told which chat it is; a reminder comes in private.
            asked = feedback.survey(facts, datetime.now(UTC), is_private=facts.is_reminder)
            return asked, feedback.keyboard(facts, buttons)
        case Answer():
            return replies.answer(facts), None


def _worded_for_the_firm(
    facts: CallFacts | CaseFacts | DigestFacts, buttons: Buttons
) -> tuple[str, InlineKeyboardMarkup | None]:
    match facts:
        case CallFacts():
            return accountant_call.call(facts, datetime.now(UTC)), None
        case CaseFacts():
            return feedback_case.alert(facts, datetime.now(UTC)), feedback_case.keyboard(facts, buttons)
        case DigestFacts():
            return feedback_digest.digest(facts, datetime.now(UTC)), None


async def take_back(connections: Connections, chat_id: int, message_id: int, locale: str) -> str | None:
    """Delete an earlier copy, or have it say that it is out of date; return why Telegram lets neither be done."""
    bot = connections.bot
    try:
        try:
            await bot.delete_message(chat_id, message_id, request_timeout=SECONDS)
        except TelegramBadRequest as refusal:
            if "message to delete not found" in refusal.message:
                return None
            # After two days a message can only be edited: let it say where to look, and take its buttons away.
            with speaking(locale):
                text = sla_escalation.outdated()
            await bot.edit_message_text(text, chat_id=chat_id, message_id=message_id, request_timeout=SECONDS)
    except AiogramError as error:
        return getattr(error, "message", type(error).__name__)
    return None


async def _send(connections: Connections, message: Owed) -> Outcome:
    """Return which message the recipient sees now; a reaction is none."""
    if isinstance(message.facts, Receipt) and message.facts.style == "reaction":
        await _react(connections, message)
        return Outcome(outcome="sent")
    if message.telegram_message_id is None or message.rings:
        return await _say(connections, message)
    text, keyboard = worded(message, connections.buttons)
    await connections.bot.edit_message_text(
        text,
        chat_id=message.recipient_chat_id,
        message_id=message.telegram_message_id,
        reply_markup=keyboard,
        request_timeout=SECONDS,
    )
    return Outcome(outcome="sent", telegram_message_id=message.telegram_message_id)


async def _say(connections: Connections, message: Owed) -> Outcome:
    text, keyboard = worded(message, connections.buttons)
    answered = message.place.message_id
    told = await connections.bot.send_message(
        message.recipient_chat_id,
        text,
        message_thread_id=message.place.topic_id,
        reply_parameters=ReplyParameters(message_id=answered) if answered else None,
        reply_markup=keyboard,
        request_timeout=SECONDS,
    )
    return Outcome(outcome="sent", telegram_message_id=told.message_id, telegram_date=int(told.date.timestamp()))


async def _react(connections: Connections, message: Owed) -> None:
    await connections.bot.set_message_reaction(
        message.recipient_chat_id,
        message.place.message_id or 0,
        reaction=[ReactionTypeEmoji(emoji=replies.SEEN)],
        request_timeout=SECONDS,
    )


def _refused(reason: str) -> Outcome:
    said = reason.lower()
    if NOT_MODIFIED in said:
        return Outcome(outcome="sent")
    return Outcome(
        outcome=next((meaning for words, meaning in _MEANINGS.items() if words in said), "refused"), error=reason
    )
