"""From a raw Telegram update to the compact record that `api.ingest` stores. Never raises: SQL refuses what is odd."""

from typing import Any

from bot.classify import classify
from bot.content import clean_name, emoji_of, kind_and_file, part, person_name, plain, storable

Record = dict[str, Any]
Object = dict[str, Any]

# What Telegram is told to bring, in so many words: most of it is only recorded, so no handler asks for it, and
# reactions and members come to nobody who does not name them.
UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "my_chat_member",
    "chat_member",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)
_ANSWERS_NOTHING = dict.fromkeys(("reply_to", "reply_to_date", "reply_to_user_id", "reply_to_is_bot"))


def kind_of(update: Object) -> str:
    """Return which of `UPDATES` this is, else `unknown`."""
    for kind in UPDATES:
        # An event that is no object would make aiogram print the whole update as a warning.
        if isinstance(update.get(kind), dict):
            return kind
    return "unknown"


def record_of(update: Object) -> Record | None:
    """Return the record of an update that means something to the database, else None."""
    match kind_of(update):
        case "message":
            return _message(update, update["message"])
        case "edited_message":
            return _edit(update, update["edited_message"])
        case "message_reaction":
            return _reaction(update, update["message_reaction"])
        case "my_chat_member":
            return _membership(update, update["my_chat_member"])
    return None


def wants_answer(record: Record) -> bool:
    """Say whether the bot may have something to answer: commands and its coming anywhere, anything said in private."""
    if record["type"] == "membership":
        return bool(record["chat_type"] != "private")
    return bool(record["type"] == "message" and (record["kind"] == "command" or record["chat_type"] == "private"))


def _message(update: Object, event: Object) -> Record:
    author, on_behalf = part(event, "from"), _speaks_for_the_group(event)
    kind, file_id = kind_and_file(event)
    text, caption = storable(event.get("text")), storable(event.get("caption"))
    return {
        **_common("message", update, event, author),
        # Telegram shows bots of its own in place of who speaks as the group.
        **(_voice(event.get("author_signature"), part(event, "sender_chat")) if on_behalf else {}),
        "username": None if on_behalf else clean_name(author.get("username")) or None,
        "on_behalf": on_behalf,
        "topic_id": plain(event.get("message_thread_id")) if event.get("is_topic_message") is True else None,
        "message_id": plain(event.get("message_id")),
        "kind": kind,
        "text": text,
        "caption": caption,
        "media_file_id": file_id,
        "media_group_id": storable(event.get("media_group_id")),
        **_answered(event),
        # Media has to be looked at, whatever is written under it (S2).
        "classification": classify(text).kind if kind == "text" else "request",
        "migrated_to": plain(event.get("migrate_to_chat_id")),
        "migrated_from": plain(event.get("migrate_from_chat_id")),
    }


def _edit(update: Object, event: Object) -> Record | None:
    record = _message(update, event)
    # A live location moves by edits, for hours: nobody writes anything.
    if record["kind"] == "location":
        return None
    return {**record, "type": "edit", "edited_at": plain(event.get("edit_date"))}


def _reaction(update: Object, event: Object) -> Record | None:
    reactions, actor = event.get("new_reaction"), part(event, "actor_chat")
    if not isinstance(reactions, list):
        return None
    return {
        **_common("reaction", update, event, part(event, "user")),
        **(_voice(None, actor) if actor else {}),
        "on_behalf": bool(actor),
        "message_id": plain(event.get("message_id")),
        "emoji": emoji_of(reactions),
    }


def _membership(update: Object, event: Object) -> Record:
    """Return what became of the bot in a chat; in private, `kicked` means that the person blocked it."""
    member = part(event, "new_chat_member")
    status = member.get("status")
    # Restricted is also who left with restrictions.
    is_gone = status == "restricted" and member.get("is_member") is False
    return {
        **_common("membership", update, event, part(event, "from")),
        "status": "left" if is_gone else plain(status),
    }


def _common(kind: str, update: Object, event: Object, author: Object) -> Record:
    chat = part(event, "chat")
    return {
        "type": kind,
        "update_id": plain(update.get("update_id")),
        "chat_id": plain(chat.get("id")),
        "chat_type": plain(chat.get("type")),
        "chat_name": clean_name(chat.get("title")) or person_name(chat),
        "date": plain(event.get("date")),
        "user_id": plain(author.get("id")),
        "author_name": person_name(author),
        "is_bot": author.get("is_bot") is True,
    }


def _voice(signature: object, speaker: Object) -> Record:
    return {"author_name": clean_name(signature) or clean_name(speaker.get("title")), "is_bot": False}


def _speaks_for_the_group(event: Object) -> bool:
    """Say whether an administrator writes as the group itself, or a channel linked to it speaks."""
    speaker = part(event, "sender_chat")
    if speaker.get("type") == "channel" or event.get("is_automatic_forward") is True:
        return True
    return "id" in speaker and plain(speaker["id"]) == plain(part(event, "chat").get("id"))


def _answered(event: Object) -> Record:
    """Return which message this one answers, with what Telegram says of that one: it may reach us later, or never."""
    reply = part(event, "reply_to_message")
    if not reply:
        return _ANSWERS_NOTHING
    message_id, author = plain(reply.get("message_id")), part(reply, "from")
    # In a topic, what answers nothing points to the topic's start.
    if event.get("is_topic_message") is True and message_id == plain(event.get("message_thread_id")):
        return _ANSWERS_NOTHING
    return {
        "reply_to": message_id,
        "reply_to_date": plain(reply.get("date")),
        "reply_to_user_id": plain(author.get("id")),
        # Whoever speaks for the group is no more a client than a bot is.
        "reply_to_is_bot": author.get("is_bot") is True or _speaks_for_the_group(reply),
    }
