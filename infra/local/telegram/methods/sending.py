"""sendMessage, sendDocument, sendPhoto, sendChatAction."""

import mimetypes
from typing import Any

from infra.local.telegram import wire
from infra.local.telegram.errors import bad_request
from infra.local.telegram.keyboards import inline_keyboard
from infra.local.telegram.methods import parameters as asked
from infra.local.telegram.methods.access import open_chat, sendable_chat
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.texts import caption_text, message_text
from infra.local.telegram.webhook_answer import Files
from infra.local.telegram.world import Chat, Media, Message

PHOTO_LIMIT = 10 * 2**20
DOCUMENT_LIMIT = 50 * 2**20
_ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)


def _reply_to(chat: Chat, call: asked.SendMessage | asked.SendDocument | asked.SendPhoto) -> int | None:
    wanted, unsure = call.reply_to_message_id, call.allow_sending_without_reply
    if call.reply_parameters:
        wanted, unsure = call.reply_parameters.message_id, call.reply_parameters.allow_sending_without_reply
    if wanted is None or wanted in chat.messages:
        return wanted
    if unsure:
        return None
    raise bad_request("message to be replied not found")


def _write(
    sim: Simulator, chat: Chat, call: asked.SendMessage | asked.SendDocument | asked.SendPhoto, **body: Any
) -> wire.Wire:
    message: Message = chat.add(
        date=now(),
        author_id=sim.bot_id,
        topic_id=call.message_thread_id,
        reply_to=_reply_to(chat, call),
        quote=call.reply_parameters.quote if call.reply_parameters else None,
        keyboard=inline_keyboard(call.reply_markup),
        **body,
    )
    sim.changed(chat.id)
    return wire.message(sim.world, message)


async def send_message(sim: Simulator, call: asked.SendMessage, _files: Files) -> wire.Wire:
    text, entities = message_text(call.text, call.parse_mode, call.entities)
    inline_keyboard(call.reply_markup)
    chat = sendable_chat(sim, call.chat_id, call.message_thread_id)
    return _write(sim, chat, call, text=text, entities=entities)


def _file(sim: Simulator, value: str, files: Files, limit: int) -> tuple[str, str, int]:
    """Return file id, name and size of an upload or of a file that Telegram has already."""
    upload = files.get(value.removeprefix("attach://"))
    if upload is None:
        known = sim.world.files.get(value)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return value, known.name, known.size
    name, content = upload
    if not content:
        raise bad_request("file must be non-empty")
    if len(content) > limit:
        raise bad_request("file is too big")
    file_id = sim.world.add_file(name, len(content))
    sim.contents[file_id] = content
    return file_id, name, len(content)


async def send_document(sim: Simulator, call: asked.SendDocument, files: Files) -> wire.Wire:
    caption, entities = caption_text(call.caption, call.parse_mode, call.caption_entities)
    chat = sendable_chat(sim, call.chat_id, call.message_thread_id)
    file_id, name, size = _file(sim, call.document, files, DOCUMENT_LIMIT)
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    media = Media(kind="document", file_id=file_id, file_name=name, mime_type=mime, file_size=size)
    return _write(sim, chat, call, media=media, caption=caption, entities=entities)


async def send_photo(sim: Simulator, call: asked.SendPhoto, files: Files) -> wire.Wire:
    caption, entities = caption_text(call.caption, call.parse_mode, call.caption_entities)
    chat = sendable_chat(sim, call.chat_id, call.message_thread_id)
    file_id, _name, size = _file(sim, call.photo, files, PHOTO_LIMIT)
    media = Media(kind="photo", file_id=file_id, file_size=size, content={"width": 90, "height": 90})
    return _write(sim, chat, call, media=media, caption=caption, entities=entities)


async def send_chat_action(sim: Simulator, call: asked.SendChatAction, _files: Files) -> bool:
    if call.action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    open_chat(sim, call.chat_id)
    return True
