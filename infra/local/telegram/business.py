"""Telegram Business: somebody connects the bot to the own account, and it hears what is said in private there."""

from typing import Any

from infra.local.telegram import wire
from infra.local.telegram.errors import ControlError
from infra.local.telegram.happenings import Said
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.texts import found_entities
from infra.local.telegram.world import Business, Chat, Message


def connect(sim: Simulator, account_id: int, *, is_enabled: bool) -> tuple[Business, int | None]:
    """Connect or disconnect; an account has one connection, and a new one each time it connects."""
    known = next((one for one in sim.world.business.values() if one.account_id == account_id and one.is_enabled), None)
    if (known is not None) == is_enabled:
        raise ControlError(f"{account_id} is {'already' if is_enabled else 'not'} connected", 409)
    person = sim.world.person(account_id)
    number = f"SimBusiness{len(sim.world.business) + 1:04d}"
    connection = known or Business(id=number, account_id=account_id)
    connection.is_enabled = is_enabled
    sim.world.business[connection.id] = connection
    event = {"id": connection.id, "user": wire.user(person), "user_chat_id": account_id, "date": now()}
    return connection, sim.push("business_connection", account_id, event | {"is_enabled": is_enabled})


def _chat(sim: Simulator, connection_id: str, with_id: int) -> Chat:
    connection = sim.world.business.get(connection_id)
    if connection is None or not connection.is_enabled:
        raise ControlError(f"there is no connection {connection_id}", 404)
    sim.world.chat(with_id)
    return connection.chats.setdefault(with_id, Chat(id=with_id, type="private"))


def _announce(sim: Simulator, kind: str, connection_id: str, message: Message) -> Said:
    event = wire.message(sim.world, message, with_reply=False) | {"business_connection_id": connection_id}
    return Said(message, sim.push(kind, message.chat_id, event))


def say(sim: Simulator, connection_id: str, with_id: int, author_id: int, text: str, date: int) -> Said:
    """Write as the account, or as whom it talks to."""
    chat = _chat(sim, connection_id, with_id)
    if author_id not in (with_id, sim.world.business[connection_id].account_id):
        raise ControlError(f"{author_id} is not in this chat", 403)
    author = sim.world.person(author_id)
    message = chat.add(date=date, author_id=author.id, text=text, entities=found_entities(text))
    return _announce(sim, "business_message", connection_id, message)


def edit(
    sim: Simulator, connection_id: str, with_id: int, author_id: int, message_id: int, text: str, date: int
) -> Said:
    """Change a text."""
    message = _chat(sim, connection_id, with_id).message(message_id)
    if message.author_id != author_id:
        raise ControlError("only the author can edit a message", 403)
    message.text, message.entities, message.edit_date = text, found_entities(text), date
    return _announce(sim, "edited_business_message", connection_id, message)


def delete(sim: Simulator, connection_id: str, with_id: int, message_ids: list[int]) -> int | None:
    """Delete messages; unlike in groups, Telegram tells the bot."""
    chat = _chat(sim, connection_id, with_id)
    for number in message_ids:
        chat.message(number)
    for number in message_ids:
        del chat.messages[number]
    event: dict[str, Any] = {"business_connection_id": connection_id, "chat": wire.chat(sim.world, chat)}
    return sim.push("deleted_business_messages", with_id, event | {"message_ids": message_ids})
