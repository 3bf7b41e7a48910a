"""What happens to groups: people and the bot come and go, titles change, topics open, groups become supergroups."""

from typing import Any

from infra.local.telegram import wire
from infra.local.telegram.errors import ControlError
from infra.local.telegram.happenings import GROUP_ANONYMOUS_BOT, Said, announce
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.world import PRESENT, Chat, Person, Status, Topic


def _group(sim: Simulator, chat_id: int) -> Chat:
    chat = sim.world.settled(chat_id)
    if chat.type == "private":
        raise ControlError(f"{chat_id} is a private chat, not a group")
    return chat


def _service(sim: Simulator, chat: Chat, author_id: int, **fields: Any) -> Said:
    return announce(sim, chat.add(date=now(), author_id=author_id, service=fields))


def set_status(sim: Simulator, chat_id: int, person_id: int, status: Status, by: int | None) -> list[int]:
    """Change what a person (or the bot) is in the group; return the ids of the updates this makes."""
    chat, person = _group(sim, chat_id), sim.world.person(person_id)
    before = chat.status_of(person_id)
    if before == status:
        return []
    actor = sim.world.person(by or person_id)
    chat.members[person_id] = status
    found = [_tell_member(sim, chat, person, actor, before, status)]
    joined, left = before not in PRESENT and status in PRESENT, before in PRESENT and status not in PRESENT
    if joined:
        found.append(_service(sim, chat, actor.id, new_chat_members=[wire.user(person)]).update_id)
    if left:
        found.append(_service(sim, chat, actor.id, left_chat_member=wire.user(person)).update_id)
    return [number for number in found if number is not None]


def _tell_member(
    sim: Simulator, chat: Chat, person: Person, actor: Person, before: Status, status: Status
) -> int | None:
    mine = person.id == sim.bot_id
    if not mine and not sim.bot_is_in_charge(chat):
        return None  # only administrators hear of other members
    event: dict[str, Any] = {"chat": wire.chat(sim.world, chat), "from": wire.user(actor), "date": now()}
    event |= {"old_chat_member": wire.member(person, before), "new_chat_member": wire.member(person, status)}
    return sim.push("my_chat_member" if mine else "chat_member", chat.id, event)


def add_bot(sim: Simulator, chat_id: int, by: int, status: Status, payload: str) -> list[int]:
    """Bring the bot into a group; with a payload it came by a startgroup link, which sends /start there."""
    found = set_status(sim, chat_id, sim.bot_id, status, by)
    if payload:
        chat = _group(sim, chat_id)
        text = f"/start@{sim.world.bot.username} {payload}"
        said = announce(sim, chat.add(date=now(), author_id=sim.world.person(by).id, text=text, entities=[]))
        found += [said.update_id] if said.update_id is not None else []
    return found


def set_title(sim: Simulator, chat_id: int, person_id: int, title: str) -> Said:
    chat = _group(sim, chat_id)
    chat.title = title
    return _service(sim, chat, sim.world.person(person_id).id, new_chat_title=title)


def open_topic(sim: Simulator, chat_id: int, person_id: int, name: str) -> Said:
    """Open a topic; its id is the id of the returned message."""
    chat = _group(sim, chat_id)
    chat.is_forum = True
    fields = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    message = chat.add(date=now(), author_id=sim.world.person(person_id).id, service=fields)
    message.topic_id = message.message_id
    chat.topics[message.message_id] = Topic(name=name)
    return announce(sim, message)


def close_topic(sim: Simulator, chat_id: int, person_id: int, topic_id: int, *, closed: bool) -> Said:
    chat = _group(sim, chat_id)
    if topic_id not in chat.topics:
        raise ControlError(f"chat {chat_id} has no topic {topic_id}", 404)
    chat.topics[topic_id].closed = closed
    fields: dict[str, Any] = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
    author = sim.world.person(person_id).id
    return announce(sim, chat.add(date=now(), author_id=author, topic_id=topic_id, service=fields))


def migrate(sim: Simulator, chat_id: int, new_id: int | None) -> Chat:
    """Turn a group into a supergroup with a new id; the old id answers with the new one from now on."""
    old = sim.world.chat(chat_id)
    if old.type == "private" or old.migrated_to is not None:
        raise ControlError(f"{chat_id} is not a group that can migrate", 409)
    target = new_id or -(1_000_000_000_000 + abs(chat_id))
    if target in sim.world.chats or target >= 0:
        raise ControlError(f"{target} cannot be the new id: it is taken or not a group's", 409)
    new = Chat(id=target, type="supergroup", title=old.title, members=dict(old.members))
    sim.world.chats[target] = new
    owner = next((number for number, status in old.members.items() if status == "creator"), None)
    author = owner or next((number for number in old.members if number != sim.bot_id), GROUP_ANONYMOUS_BOT)
    anonymous = Person(id=GROUP_ANONYMOUS_BOT, first_name="Group", username="GroupAnonymousBot", is_bot=True)
    sim.world.people.setdefault(GROUP_ANONYMOUS_BOT, anonymous)
    _service(sim, old, author, migrate_to_chat_id=target)
    old.migrated_to = target
    _service(sim, new, GROUP_ANONYMOUS_BOT, migrate_from_chat_id=chat_id)
    return new
