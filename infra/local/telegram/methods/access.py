"""Which chat or message a call means, and whether the bot may touch it."""

from infra.local.telegram.errors import ApiError, bad_request, forbidden
from infra.local.telegram.methods.parameters import ChatId
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.world import Chat, Message


def _number(chat_id: ChatId) -> int:
    text = str(chat_id).strip()
    if not text:
        raise bad_request("chat_id is empty")
    if not text.removeprefix("-").isdigit():
        raise bad_request("chat not found")
    return int(text)


def known_chat(sim: Simulator, chat_id: ChatId) -> Chat:
    """Return a chat that the bot has met; a migrated group tells its new id."""
    number = _number(chat_id)
    chat = sim.world.chats.get(number)
    if chat is None and number in sim.world.people and number != sim.bot_id:
        chat = sim.world.chat(number)
    if chat is None:
        raise bad_request("chat not found")
    if chat.migrated_to is not None:
        raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    return chat


def _refuse_private(sim: Simulator, chat: Chat) -> ApiError | None:
    person = sim.world.person(chat.id)
    if person.deactivated:
        return forbidden("user is deactivated")
    if person.is_bot:
        return forbidden("bot can't send messages to bots")
    if person.blocked:
        return forbidden("bot was blocked by the user")
    return None if person.started else forbidden("bot can't initiate conversation with a user")


def open_chat(sim: Simulator, chat_id: ChatId) -> Chat:
    """Return a chat in which the bot may act, or refuse as Telegram does."""
    chat = known_chat(sim, chat_id)
    if chat.type == "private":
        if refusal := _refuse_private(sim, chat):
            raise refusal
        return chat
    status = chat.status_of(sim.bot_id)
    if status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.type} chat")
    if status == "left":
        raise forbidden(f"bot is not a member of the {chat.type} chat")
    return chat


def sendable_chat(sim: Simulator, chat_id: ChatId, topic_id: int | None) -> Chat:
    """Return a chat, and check its topic, to which the bot may send now."""
    chat = open_chat(sim, chat_id)
    if chat.status_of(sim.bot_id) == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    if topic_id is not None:
        topic = chat.topics.get(topic_id)
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed and not sim.bot_is_in_charge(chat):
            raise bad_request("TOPIC_CLOSED")
    sim.limits.spend(chat.id)
    return chat


def message_of(sim: Simulator, chat_id: ChatId, message_id: int, missing: str) -> Message:
    """Return the message, or refuse with the words of `missing`."""
    message = open_chat(sim, chat_id).messages.get(message_id)
    if message is None:
        raise bad_request(missing)
    return message
