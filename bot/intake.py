"""From a raw Telegram update to the compact record that `api.ingest` stores. Never raises: SQL refuses what is odd."""

import re
import unicodedata
from typing import Any

from bot.classify import classify

Record = dict[str, Any]

NAME_LIMIT = 300
_FILES = ("document", "voice", "video", "video_note", "audio", "animation", "sticker")
_SERVICE = re.compile(
    r"^(new_chat_|left_chat_|delete_chat_|group_chat_|supergroup_chat_|channel_chat_|migrate_|pinned_message|forum_topic_|"
    r"general_forum_|video_chat_|message_auto_|successful_|refunded_|users_shared|chat_shared|write_access_|boost_|chat_background)"
)


def clean_name(name: object) -> str:
    """Return a name or title without control, bidirectional and invisible signs, one line, at most 300 characters."""
    if not isinstance(name, str):
        return ""
    visible = "".join(
        " " if unicodedata.category(sign).startswith("Z") else sign for sign in name if not _is_hidden(sign)
    )
    return " ".join(visible.split())[:NAME_LIMIT]


def record_of(update: dict[str, Any]) -> Record | None:
    """Return the record of an update that brings a message, else None. Fields are those of `private.intake_records`."""
    message = update.get("message")
    if not isinstance(message, dict):
        return None
    chat, author = _part(message, "chat"), _part(message, "from")
    text, caption = _text(message.get("text")), _text(message.get("caption"))
    kind, file_id = _content(message)
    return {
        "update_id": update.get("update_id"),
        "chat_id": chat.get("id"),
        "chat_type": chat.get("type"),
        "chat_name": clean_name(chat.get("title")) or _person(chat),
        "topic_id": message.get("message_thread_id") if message.get("is_topic_message") is True else None,
        "message_id": message.get("message_id"),
        "date": message.get("date"),
        "user_id": author.get("id"),
        "author_name": _person(author),
        "is_bot": author.get("is_bot") is True,
        "kind": kind,
        "text": text,
        "caption": caption,
        "media_file_id": file_id,
        "reply_to": _part(message, "reply_to_message").get("message_id"),
        "classification": classify(text if kind == "text" else caption),
    }


def wants_answer(record: Record) -> bool:
    """Say whether the bot itself may have something to answer: commands anywhere, anything in private."""
    return bool(record["kind"] == "command" or record["chat_type"] == "private")


def _is_hidden(sign: str) -> bool:
    # Cc control, Cf format (bidirectional marks and joiners among them), Cs lone surrogates.
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in "\n\t"


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}


def _person(person: dict[str, Any]) -> str:
    return clean_name(
        " ".join(part for part in (person.get("first_name"), person.get("last_name")) if isinstance(part, str))
    )


def _text(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    # Postgres stores neither NUL nor half a surrogate pair.
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _content(message: dict[str, Any]) -> tuple[str, str | None]:
    """Return Telegram's content type, in the words of `kind_is_known`, and the file's handle."""
    text = message.get("text")
    if isinstance(text, str):
        return ("command" if text.startswith("/") else "text"), None
    photo = message.get("photo")
    if isinstance(photo, list) and photo and isinstance(photo[-1], dict):
        return "photo", _text(photo[-1].get("file_id"))
    # An animation comes with a document of the same file beside it.
    for kind in ("animation", *_FILES):
        if isinstance(message.get(kind), dict):
            return kind, _text(message[kind].get("file_id"))
    for kind in ("contact", "location", "poll"):
        if isinstance(message.get(kind), dict):
            return kind, None
    return ("service" if any(_SERVICE.match(key) for key in message) else "other"), None
