"""What a message holds, in the words of the database: clean names, storable texts, kinds. Never raises."""

import unicodedata
from typing import Any

NAME_LIMIT = 300
# Beyond what Telegram lets anybody set; an emoji may be a dozen signs long.
REACTIONS, EMOJI_LIMIT = 20, 20
# An animation comes with a document of the same file beside it, a live photo with the photo.
_FILES = ("animation", "live_photo", "document", "voice", "video", "video_note", "audio", "sticker")
# A venue comes with its location beside it.
_OBJECTS = tuple("venue contact location poll dice story checklist game invoice paid_media rich_message".split())
# What Telegram says in somebody's name; nobody wrote it, so nobody waits for an answer.
_SERVICE = tuple(
    """
    new_chat_ left_chat_ delete_chat_ group_chat_ supergroup_chat_ channel_chat_ migrate_ pinned_message message_auto_
    chat_owner_ chat_background chat_shared users_shared user_shared community_chat_ forum_topic_ general_forum_
    video_chat_ write_access_ boost_ successful_ refunded_ direct_message_price paid_message_price suggested_post_
    gift unique_gift giveaway_created giveaway_completed poll_option_ checklist_tasks_ proximity_alert managed_bot_
    web_app_data connected_website passport_data
    """.split()
)


def clean_name(name: object) -> str:
    """Return a name or title without control, bidirectional and invisible signs, one line, at most 300 characters."""
    if not isinstance(name, str):
        return ""
    # Most names hold nothing else: then there is nothing to look at sign by sign.
    return " ".join((name if name.isprintable() else _visible(name)).split())[:NAME_LIMIT]


def person_name(person: dict[str, Any]) -> str:
    """Return first and last name of a user, or of a private chat."""
    names = (person.get("first_name"), person.get("last_name"))
    return clean_name(" ".join(name for name in names if isinstance(name, str)))


def storable(text: object) -> str | None:
    """Return a text without what Postgres cannot store: NUL, and half a surrogate pair."""
    if not isinstance(text, str):
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object of this name, or an empty one where Telegram sent none."""
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def plain(value: Any) -> Any:
    """Return a value that can travel: of one with parts, the name of its type, which SQL refuses as well.

    Nested deep enough, a value would stop the whole batch on its way.
    """
    return type(value).__name__ if isinstance(value, (dict, list)) else value


def kind_and_file(message: dict[str, Any]) -> tuple[str, str | None]:
    """Return Telegram's content type, in the words of `kind_is_known`, and the file's handle."""
    text = message.get("text")
    if isinstance(text, str):
        return ("command" if text.startswith("/") else "text"), None
    for kind in _FILES:
        if isinstance(message.get(kind), dict):
            return kind, storable(message[kind].get("file_id"))
    photo = message.get("photo")
    if isinstance(photo, list) and photo and isinstance(photo[-1], dict):
        return "photo", storable(photo[-1].get("file_id"))
    for kind in _OBJECTS:
        if isinstance(message.get(kind), dict):
            return kind, None
    return ("service" if any(key.startswith(_SERVICE) for key in message) else "other"), None


def emoji_of(reactions: list[Any]) -> str | None:
    """Return reactions as one short text; null when there is none left."""
    words = [_reaction(reaction) for reaction in reactions[:REACTIONS] if isinstance(reaction, dict)]
    return " ".join(words) or None


def _reaction(reaction: dict[str, Any]) -> str:
    emoji = storable(reaction.get("emoji"))
    if reaction.get("type") == "emoji" and emoji:
        return emoji[:EMOJI_LIMIT]
    # What Telegram may invent later is a reaction, too.
    return "paid" if reaction.get("type") == "paid" else "custom"


def _visible(name: str) -> str:
    signs = ((sign, unicodedata.category(sign)) for sign in name)
    # Cc control, Cf format (bidirectional marks and joiners among them), Cs lone surrogates.
    return "".join(
        " " if category.startswith("Z") else sign
        for sign, category in signs
        if category not in {"Cc", "Cf", "Cs"} or sign in "\n\t"
    )
