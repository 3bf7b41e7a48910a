"""Parameters of the supported methods. One that is missing here is answered 501, never silently ignored."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _from_json(value: object) -> object:
    """Forms carry objects and lists as JSON text."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value else None


Structure = Annotated[dict[str, Any] | None, BeforeValidator(_from_json)]
Structures = Annotated[list[dict[str, Any]] | None, BeforeValidator(_from_json)]
Words = Annotated[list[str] | None, BeforeValidator(_from_json)]
ChatId = int | str


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Parameters):
    pass


class ReplyParameters(BaseModel):
    """What a message answers to; quotes and other chats are checked by nobody here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    message_id: int
    chat_id: ChatId | None = None
    allow_sending_without_reply: bool = False
    quote: str | None = None
    quote_parse_mode: str | None = None


class _Sending(Parameters):
    chat_id: ChatId
    message_thread_id: int | None = None
    parse_mode: str | None = None
    reply_parameters: Annotated[ReplyParameters | None, BeforeValidator(_from_json)] = None
    reply_to_message_id: int | None = None
    allow_sending_without_reply: bool = False
    reply_markup: Structure = None
    # Accepted without effect: nobody here has sounds, and nothing here is forwarded.
    disable_notification: bool = False
    protect_content: bool = False


class SendMessage(_Sending):
    text: str
    entities: Structures = None
    link_preview_options: Structure = None
    disable_web_page_preview: bool = False


class _SendFile(_Sending):
    caption: str | None = None
    caption_entities: Structures = None


class SendDocument(_SendFile):
    document: str
    thumbnail: str | None = None
    disable_content_type_detection: bool = False


class SendPhoto(_SendFile):
    photo: str
    show_caption_above_media: bool = False
    has_spoiler: bool = False


class _OfMessage(Parameters):
    chat_id: ChatId
    message_id: int


class EditMessageText(_OfMessage):
    text: str
    parse_mode: str | None = None
    entities: Structures = None
    link_preview_options: Structure = None
    disable_web_page_preview: bool = False
    reply_markup: Structure = None


class EditMessageReplyMarkup(_OfMessage):
    reply_markup: Structure = None


class DeleteMessage(_OfMessage):
    pass


class SetMessageReaction(_OfMessage):
    reaction: Structures = None
    is_big: bool = False


class AnswerCallbackQuery(Parameters):
    callback_query_id: str
    text: str | None = None
    show_alert: bool = False
    url: str | None = None
    cache_time: int = 0


class GetFile(Parameters):
    file_id: str


class OfChat(Parameters):
    chat_id: ChatId


class GetChatMember(OfChat):
    user_id: int


class SendChatAction(OfChat):
    action: str
    message_thread_id: int | None = None


class OfCommands(Parameters):
    scope: Structure = None
    language_code: str | None = None


class SetMyCommands(OfCommands):
    commands: Annotated[list[dict[str, Any]], BeforeValidator(_from_json)]


class SetWebhook(Parameters):
    url: str = ""
    max_connections: int = 40
    allowed_updates: Words = None
    drop_pending_updates: bool = False
    secret_token: str | None = None


class DeleteWebhook(Parameters):
    drop_pending_updates: bool = False


class GetUpdates(Parameters):
    offset: int = 0
    limit: int = Field(default=100)
    timeout: int = 0
    allowed_updates: Words = None
