"""What people do in chats: each function changes the world and queues the updates the bot would get for it."""

from dataclasses import dataclass
from typing import Any

from infra.local.telegram import wire
from infra.local.telegram.errors import ControlError
from infra.local.telegram.queries import Query
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.texts import found_entities
from infra.local.telegram.world import Chat, Message, Person, Topic

# Anonymous administrators and linked channels write in this account's name.
GROUP_ANONYMOUS_BOT = 1087968824


@dataclass(frozen=True)
class Said:
    """A message as it stands, and the update that tells the bot of it: None when the bot does not get to see it."""

    message: Message
    update_id: int | None


@dataclass(frozen=True)
class Context:
    """Where and when something is written; `date` is Telegram's, in unix seconds."""

    date: int
    topic_id: int | None = None
    reply_to: int | None = None
    quote: str | None = None
    media_group_id: str | None = None
    forwarded_from: int | None = None
    sender_chat_id: int | None = None

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def bot_sees(sim: Simulator, message: Message) -> bool:
    """Apply privacy mode: outside private chats an ordinary member gets commands, mentions and answers to it."""
    chat = sim.world.chat(message.chat_id)
    author = sim.world.person(message.author_id)
    if author.is_bot and message.sender_chat_id is None and message.service is None:
        return False  # bots never see each other
    if chat.type == "private" or message.service is not None:
        return chat.has(sim.bot_id)
    if not chat.has(sim.bot_id):
        return False
    words = message.text or message.caption or ""
    replied = chat.messages.get(message.reply_to or 0)
    called = words.startswith("/") or f"@{sim.world.bot.username}" in words
    return sim.bot_is_in_charge(chat) or called or (replied is not None and replied.author_id == sim.bot_id)


def _enter(sim: Simulator, person_id: int, chat_id: int, context: Context) -> tuple[Person, Chat]:
    """Find who writes where: strangers become members quietly, so that a test needs no preparation."""
    person, chat = sim.world.person(person_id), sim.world.settled(chat_id)
    if person.id == sim.bot_id:
        raise ControlError("the bot writes through the Bot API, not through the control API")
    if chat.type == "private":
        if chat.id != person.id:
            raise ControlError(f"the private chat {chat.id} is not {person.id}'s")
        unblock(sim, person_id)
        person.started = True
    elif chat.status_of(person.id) == "kicked":
        raise ControlError(f"{person.id} was removed from {chat.id} and cannot write there", 409)
    elif person.id not in chat.members:
        chat.members[person.id] = "member"
    if context.reply_to is not None:
        chat.message(context.reply_to)
    if context.topic_id is not None and context.topic_id not in chat.topics:
        chat.is_forum = True
        chat.topics[context.topic_id] = Topic(name=f"Тема {context.topic_id}")
    return person, chat


def write(sim: Simulator, person_id: int, chat_id: int, context: Context, **content: Any) -> Said:
    """Write a message with `text`, or with `media` and perhaps a `caption`."""
    person, chat = _enter(sim, person_id, chat_id, context)
    author = person.id if context.sender_chat_id is None else GROUP_ANONYMOUS_BOT
    if author == GROUP_ANONYMOUS_BOT:
        sim.world.people.setdefault(
            author, Person(id=author, first_name="Group", username="GroupAnonymousBot", is_bot=True)
        )
    words = content.get("text") or content.get("caption") or ""
    message = chat.add(author_id=author, entities=found_entities(words), **context.fields(), **content)
    return announce(sim, message)


def announce(sim: Simulator, message: Message, *, edited: bool = False) -> Said:
    """Tell the bot of the message, if it may see it."""
    sees = bot_sees(sim, message)
    update_id = sim.push_message(message, edited=edited) if sees else None
    sim.changed(message.chat_id)
    return Said(message, update_id)


def edit(sim: Simulator, person_id: int, chat_id: int, message_id: int, text: str, date: int) -> Said:
    """Change the text, or the caption of a message that has media."""
    message = sim.world.settled(chat_id).message(message_id)
    if message.author_id != person_id:
        raise ControlError("only the author can edit a message", 403)
    if message.media is None:
        message.text = text
    else:
        message.caption = text
    message.entities, message.edit_date = found_entities(text), date
    return announce(sim, message, edited=True)


def delete(sim: Simulator, chat_id: int, message_id: int) -> None:
    """Delete a message; Telegram does not tell bots."""
    chat = sim.world.settled(chat_id)
    chat.message(message_id)
    del chat.messages[message_id]
    sim.changed(chat.id)


def react(sim: Simulator, person_id: int, chat_id: int, message_id: int, emoji: list[str], date: int) -> int | None:
    """Replace a person's reactions; only an administrator bot hears of it."""
    chat = sim.world.settled(chat_id)
    message, person = chat.message(message_id), sim.world.person(person_id)
    before = message.reactions.pop(person_id, [])
    if emoji:
        message.reactions[person_id] = emoji
    sim.changed(chat.id)
    if not sim.bot_is_in_charge(chat) and chat.type != "private":
        return None
    event: dict[str, Any] = {"chat": wire.chat(sim.world, chat), "message_id": message_id, "date": date}
    event |= {"user": wire.user(person), "old_reaction": wire.reactions(before), "new_reaction": wire.reactions(emoji)}
    return sim.push("message_reaction", chat.id, event)


def _find_button(message: Message, button: str | int) -> dict[str, Any]:
    buttons = [one for row in message.keyboard or [] for one in row]
    if isinstance(button, int):
        fitting = buttons[button : button + 1] if button >= 0 else []
    else:
        fitting = [one for one in buttons if one["text"] == button]
    if not fitting:
        texts = ", ".join(str(one["text"]) for one in buttons) or "none"
        raise ControlError(f"message {message.message_id} has no button {button!r}; it has: {texts}", 404)
    return fitting[0]


def press(sim: Simulator, person_id: int, chat_id: int, message_id: int, button: str | int) -> tuple[Query, int | None]:
    """Press an inline button by its text or its index from 0; return the query and its update id."""
    chat, person = sim.world.settled(chat_id), sim.world.person(person_id)
    if chat.type == "private" and chat.id != person.id:
        raise ControlError(f"{person.id} does not see the private chat {chat.id}", 403)
    message = chat.message(message_id)
    found = _find_button(message, button)
    if "callback_data" not in found:
        raise ControlError(f"the button {found['text']!r} does not call the bot back")
    query = Query(
        id=sim.world.next_query_id(),
        person_id=person.id,
        chat_id=chat.id,
        message_id=message_id,
        data=found["callback_data"],
        at=now(),
    )
    sim.queries.ask(query)
    event = {"id": query.id, "from": wire.user(person), "chat_instance": str(chat.id), "data": query.data}
    update_id = sim.push("callback_query", chat.id, event | {"message": wire.message(sim.world, message)})
    return query, update_id


def start(sim: Simulator, person_id: int, payload: str) -> Said:
    """Open the private chat with the bot, by its link when there is a payload."""
    return write(sim, person_id, person_id, Context(now()), text=f"/start {payload}".strip())


def _private_member(sim: Simulator, person: Person, old: str, new: str) -> int | None:
    bot, chat = sim.world.bot, sim.world.chat(person.id)
    event: dict[str, Any] = {"chat": wire.chat(sim.world, chat), "from": wire.user(person), "date": now()}
    event["old_chat_member"] = wire.member(bot, "kicked" if old == "kicked" else "member")
    event["new_chat_member"] = wire.member(bot, "kicked" if new == "kicked" else "member")
    return sim.push("my_chat_member", person.id, event)


def block(sim: Simulator, person_id: int) -> int | None:
    person = sim.world.person(person_id)
    if person.blocked:
        return None
    person.blocked = True
    return _private_member(sim, person, "member", "kicked")


def unblock(sim: Simulator, person_id: int) -> int | None:
    person = sim.world.person(person_id)
    if not person.blocked:
        return None
    person.blocked = False
    return _private_member(sim, person, "kicked", "member")
