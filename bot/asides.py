"""What Telegram brings beside the line of messages: who is in a chat, whose words a message holds, business talk.

Nothing of it waits for an answer, so it goes its own way into the database. What is odd is no error: SQL refuses it.
"""

from collections import OrderedDict
from typing import Any

import structlog
from prometheus_client import Counter

from bot.content import clean_name, part, person_name, plain, storable
from bot.intake import Object, Record, kind_of, record_of
from infra.supabase import Database, Refused, Unavailable

# Authors that one process remembers to have told of; whoever is forgotten is told of again, which changes nothing.
AUTHORS = 20_000
_GONE = ("left", "kicked")
# What a message needs to have for there to be anything beside it; most have none of it.
_TELLING = frozenset({"new_chat_members", "left_chat_member", "forward_origin", "quote"})
# The class of SQLSTATE that blames the data itself: it must not come back for ever.
_BAD_DATA = "22"

refused = Counter("buhbot_asides_refused_total", "Asides that could not even be set aside.")

log = structlog.get_logger()


def asides_of(update: Object) -> list[Record]:
    """Return what the update says beside the line of messages, as `api.ingest_asides` takes it."""
    kind = kind_of(update)
    event = part(update, kind)
    match kind:
        case "message" if not _TELLING.isdisjoint(event):
            return [*_comings(update, event), *_sources(update, event)]
        case "chat_member":
            member = part(event, "new_chat_member")
            return [_member(update, event, part(member, "user"), _standing(member))]
        case "business_connection":
            return [_connection(update, event)]
        case "business_message" | "edited_business_message":
            return [_business_message(update, event, is_edit=kind.startswith("edited"))]
        case "deleted_business_messages":
            return [_deletion(update, event)]
    return []


class Asides:
    """Brings asides to the database; authors that it has heard of already are not told of again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._authors: OrderedDict[tuple[Any, Any], tuple[Any, Any]] = OrderedDict()

    async def store(self, update: Object, record: Record | None = None) -> None:
        """Store the asides of an update and, with the record of its message, who wrote it. Raises `Unavailable`."""
        asides = asides_of(update)
        if record and _has_author(record) and self._authors.get(_key(record)) != _who(record):
            asides.append(_author(record))
        if asides:
            await self._bring(asides)
            self._remember(asides)

    async def _bring(self, asides: list[Record]) -> None:
        try:
            await self._database.call("ingest_asides", updates=asides)
        except Refused as refusal:
            # Anything else would be our own mistake: Telegram brings the update again until it is mended.
            if not refusal.code.startswith(_BAD_DATA):
                raise Unavailable(refusal.key) from refusal
            refused.inc(len(asides))
            log.error("asides_refused", code=refusal.code, update_id=asides[0]["update_id"])

    def _remember(self, asides: list[Record]) -> None:
        for aside in asides:
            if aside["type"] != "member":
                continue
            if aside["status"] in _GONE:
                # Should they write again, they are back.
                self._authors.pop(_key(aside), None)
            else:
                self._authors[_key(aside)] = _who(aside)
        while len(self._authors) > AUTHORS:
            self._authors.popitem(last=False)


def _has_author(record: Record) -> bool:
    """Say whether somebody wrote this in a group; who speaks as the group itself is nobody in particular."""
    if record["type"] != "message" or record["kind"] == "service" or record["chat_type"] == "private":
        return False
    return bool(record["user_id"]) and not record["on_behalf"]


def _author(record: Record) -> Record:
    taken = ("update_id", "chat_id", "chat_type", "chat_name", "date", "user_id", "author_name", "username", "is_bot")
    return {"type": "member", "status": None, **{name: record[name] for name in taken}}


def _key(member: Record) -> tuple[Any, Any]:
    return member["chat_id"], member["user_id"]


def _who(member: Record) -> tuple[Any, Any]:
    return member["author_name"], member["username"]


def _member(update: Object, event: Object, person: Object, status: object) -> Record:
    chat = part(event, "chat")
    return {
        "type": "member",
        "update_id": plain(update.get("update_id")),
        "chat_id": plain(chat.get("id")),
        "chat_type": plain(chat.get("type")),
        "chat_name": clean_name(chat.get("title")),
        "date": plain(event.get("date")),
        "user_id": plain(person.get("id")),
        "author_name": person_name(person),
        "username": clean_name(person.get("username")) or None,
        "is_bot": person.get("is_bot") is True,
        "status": status,
    }


def _standing(member: Object) -> object:
    # Restricted is also who left with restrictions.
    is_gone = member.get("status") == "restricted" and member.get("is_member") is False
    return "left" if is_gone else plain(member.get("status")) or "unknown"


def _comings(update: Object, event: Object) -> list[Record]:
    """Return who joined or left, as a service message says it: to a bot that is no administrator, nothing else does."""
    joined, gone = event.get("new_chat_members"), part(event, "left_chat_member")
    people = joined if isinstance(joined, list) else []
    found = [_member(update, event, person, None) for person in people if isinstance(person, dict)]
    return [*found, _member(update, event, gone, "left")] if gone else found


def _sources(update: Object, event: Object) -> list[Record]:
    origin, quote = part(event, "forward_origin"), storable(part(event, "quote").get("text"))
    if not origin and quote is None:
        return []
    # A person, one who hides behind a name, a group in whose name somebody wrote, or a channel.
    person, place = part(origin, "sender_user"), part(origin, "sender_chat") or part(origin, "chat")
    name = person_name(person) or clean_name(origin.get("sender_user_name")) or clean_name(place.get("title"))
    return [
        {
            "type": "source",
            "update_id": plain(update.get("update_id")),
            "chat_id": plain(part(event, "chat").get("id")),
            "message_id": plain(event.get("message_id")),
            "date": plain(event.get("date")),
            "forwarded_from": name or None,
            "forwarded_from_id": plain((person or place).get("id")),
            "forwarded_at": plain(origin.get("date")),
            "quote": quote,
        }
    ]


def _business(update: Object, event: str, connection_id: object, chat_id: object, **more: Any) -> Record:
    return {
        "type": "business",
        "update_id": plain(update.get("update_id")),
        "event": event,
        "connection_id": storable(connection_id),
        "chat_id": plain(chat_id),
        **more,
    }


def _connection(update: Object, event: Object) -> Record:
    person = part(event, "user")
    return _business(
        update,
        "connected" if event.get("is_enabled") is True else "disconnected",
        event.get("id"),
        event.get("user_chat_id"),
        user_id=plain(person.get("id")),
        author_name=person_name(person),
        date=plain(event.get("date")),
    )


def _business_message(update: Object, event: Object, *, is_edit: bool) -> Record:
    said = record_of({"update_id": update.get("update_id"), "message": event}) or {}
    taken = ("user_id", "author_name", "message_id", "kind", "text", "caption", "media_file_id")
    return _business(
        update,
        "edited" if is_edit else "said",
        event.get("business_connection_id"),
        said["chat_id"],
        date=plain(event.get("edit_date")) if is_edit else said["date"],
        **{name: said[name] for name in taken},
    )


def _deletion(update: Object, event: Object) -> Record:
    numbers = event.get("message_ids")
    return _business(
        update,
        "deleted",
        event.get("business_connection_id"),
        part(event, "chat").get("id"),
        message_ids=[plain(number) for number in numbers] if isinstance(numbers, list) else None,
    )
