"""How the world looks on the wire: Bot API objects as JSON, written from the world as it is at that moment."""

from typing import Any, get_args

from infra.local.telegram.world import Chat, Entity, Media, Message, ObjectKind, Person, Status, World

Wire = dict[str, Any]

_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
    "can_send_welcome_messages",
)
_PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


def user(person: Person) -> Wire:
    shown: Wire = {"id": person.id, "is_bot": person.is_bot, "first_name": person.first_name}
    optional = {"last_name": person.last_name, "username": person.username}
    if not person.is_bot:
        optional["language_code"] = person.language_code
    return shown | {key: value for key, value in optional.items() if value is not None}


def me(bot: Person) -> Wire:
    """Show the bot to itself. Privacy mode is on, as it is for a new bot: administrators see everything anyway."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": True,
        "has_main_web_app": False,
    }
    return user(bot) | abilities


def chat(world: World, shown: Chat) -> Wire:
    if shown.type == "private":
        person = world.person(shown.id)
        names = {"first_name": person.first_name, "last_name": person.last_name, "username": person.username}
        return {"id": shown.id, "type": "private"} | {key: value for key, value in names.items() if value is not None}
    forum: Wire = {"is_forum": True} if shown.is_forum else {}
    return {"id": shown.id, "type": shown.type, "title": shown.title or ""} | forum


def member(person: Person, status: Status) -> Wire:
    shown: Wire = {"user": user(person), "status": status}
    if status == "creator":
        shown["is_anonymous"] = False
    if status == "administrator":
        shown |= {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(_RIGHTS, True)
    if status == "restricted":
        shown |= {"is_member": True, "until_date": 0} | dict.fromkeys(_PERMISSIONS, False)
    if status == "kicked":
        shown["until_date"] = 0
    return shown


def entity(world: World, shown: Entity) -> Wire:
    written = shown.model_dump(exclude_none=True, exclude={"user_id"})
    if shown.user_id is not None:
        written["user"] = user(world.person(shown.user_id))
    return written


def _file(media: Media) -> Wire:
    return {"file_id": media.file_id, "file_unique_id": f"u{media.file_id}", "file_size": media.file_size}


def media(shown: Media) -> Wire:
    """Return the one or two message fields that carry this media."""
    if shown.kind in get_args(ObjectKind):
        # Old clients look for a location where a venue is.
        return {shown.kind: shown.content} | ({"location": shown.content["location"]} if shown.kind == "venue" else {})
    named = {"file_name": shown.file_name, "mime_type": shown.mime_type}
    plain = _file(shown) | {key: value for key, value in named.items() if value is not None}
    body = plain | shown.content
    if shown.kind == "photo":
        return {"photo": [_file(shown) | shown.content]}
    if shown.kind == "paid_media":
        photo = {"type": "photo", "photo": [_file(shown) | shown.content]}
        return {"paid_media": {"star_count": 1, "paid_media": [photo]}}
    # Old clients look for a document where an animation is.
    return {"animation": body, "document": plain} if shown.kind == "animation" else {shown.kind: body}


def _words(world: World, shown: Message) -> Wire:
    entities = [entity(world, one) for one in shown.entities]
    if shown.text is not None:
        return {"text": shown.text} | ({"entities": entities} if entities else {})
    if shown.caption is not None:
        return {"caption": shown.caption} | ({"caption_entities": entities} if entities else {})
    return {}


def _context(world: World, shown: Message) -> Wire:
    found: Wire = {}
    if shown.edit_date is not None:
        found["edit_date"] = shown.edit_date
    if shown.media_group_id is not None:
        found["media_group_id"] = shown.media_group_id
    if shown.sender_chat_id is not None:
        found["sender_chat"] = chat(world, world.chat(shown.sender_chat_id))
    if shown.topic_id is not None:
        found |= {"message_thread_id": shown.topic_id, "is_topic_message": True}
    if shown.quote is not None:
        found["quote"] = {"text": shown.quote, "position": 0, "is_manual": True}
    if shown.forwarded_from is not None:
        origin = user(world.person(shown.forwarded_from))
        found["forward_origin"] = {"type": "user", "date": shown.date, "sender_user": origin}
    return found


def message(world: World, shown: Message, *, with_reply: bool = True) -> Wire:
    """Write a message as it is now. The replied-to message is shown once, never its own reply."""
    home = world.chat(shown.chat_id)
    written: Wire = {
        "message_id": shown.message_id,
        "date": shown.date,
        "chat": chat(world, home),
        "from": user(world.person(shown.author_id)),
    }
    written |= _context(world, shown) | _words(world, shown) | (shown.service or {})
    if shown.media is not None:
        written |= media(shown.media)
    if shown.keyboard:
        written["reply_markup"] = {"inline_keyboard": shown.keyboard}
    if with_reply and shown.reply_to in home.messages:
        written["reply_to_message"] = message(world, home.messages[shown.reply_to], with_reply=False)
    return written


def reactions(emoji: list[str]) -> list[Wire]:
    return [{"type": "emoji", "emoji": one} for one in emoji]
