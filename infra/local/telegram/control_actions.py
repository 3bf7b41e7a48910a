"""What each POST of the control API does, and what it answers."""

import base64
from typing import Any

from infra.local.telegram import business, happenings, wire
from infra.local.telegram import control_requests as asked
from infra.local.telegram import group_happenings as group
from infra.local.telegram.demo import demo_world
from infra.local.telegram.errors import ControlError
from infra.local.telegram.made_up_files import made_up_media
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.world import Chat, Part

Answer = dict[str, Any]
DONE: Answer = {"status": "ok"}
_CAPTIONED = frozenset({"photo", "document", "voice", "video", "audio", "animation"})


def _said(sim: Simulator, said: happenings.Said) -> Answer:
    return {"message": wire.message(sim.world, said.message), "update_id": said.update_id}


def say(sim: Simulator, call: asked.Say) -> Answer:
    return _said(sim, happenings.write(sim, call.user_id, call.chat_id, call.context, text=call.text))


def send(sim: Simulator, call: asked.Send) -> Answer:
    if call.caption is not None and call.kind not in _CAPTIONED:
        raise ControlError(f"a {call.kind} has no caption")
    content = base64.b64decode(call.content_base64) if call.content_base64 is not None else None
    context = call.context
    media = made_up_media(sim.world, sim.contents, call.kind, call.file_name, call.emoji, content)
    return _said(
        sim, happenings.write(sim, call.user_id, call.chat_id, context, media=media, caption=call.caption or None)
    )


def edit(sim: Simulator, call: asked.Edit) -> Answer:
    return _said(sim, happenings.edit(sim, call.user_id, call.chat_id, call.message_id, call.text, call.at))


def delete(sim: Simulator, call: asked.OfMessage) -> Answer:
    happenings.delete(sim, call.chat_id, call.message_id)
    return DONE


def react(sim: Simulator, call: asked.React) -> Answer:
    update_id = happenings.react(sim, call.user_id, call.chat_id, call.message_id, call.emoji, call.at)
    return {"update_id": update_id}


def press(sim: Simulator, call: asked.Press) -> Answer:
    query, update_id = happenings.press(sim, call.user_id, call.chat_id, call.message_id, call.button)
    return {"query_id": query.id, "update_id": update_id}


def start(sim: Simulator, call: asked.Start) -> Answer:
    return _said(sim, happenings.start(sim, call.user_id, call.payload))


def block(sim: Simulator, call: asked.OfPerson) -> Answer:
    return {"update_id": happenings.block(sim, call.user_id)}


def unblock(sim: Simulator, call: asked.OfPerson) -> Answer:
    return {"update_id": happenings.unblock(sim, call.user_id)}


def put_person(sim: Simulator, call: asked.PutPerson) -> Answer:
    person = sim.world.person(call.user_id)
    for name, value in call.model_dump(exclude_unset=True, exclude={"user_id"}).items():
        setattr(person, name, value)
    sim.world.chat(person.id)
    sim.changed()
    return {"person": person.model_dump()}


def put_chat(sim: Simulator, call: asked.PutChat) -> Answer:
    chat = sim.world.chat(call.chat_id)
    chat.title, chat.is_forum = call.title, call.is_forum
    chat.members |= call.members | {sim.bot_id: call.bot_status}
    for number in call.members:
        sim.world.person(number)
    sim.changed(chat.id)
    return {"chat": wire.chat(sim.world, chat)}


def member(sim: Simulator, call: asked.Member) -> Answer:
    return {"update_ids": group.set_status(sim, call.chat_id, call.user_id, call.status, call.by)}


def add_bot(sim: Simulator, call: asked.AddBot) -> Answer:
    if call.chat_id not in sim.world.chats:
        # An unknown chat begins without the bot, which is about to come.
        sim.world.chat(call.chat_id).members = {sim.world.person(call.by).id: "creator"}
    return {"update_ids": group.add_bot(sim, call.chat_id, call.by, call.status, call.payload)}


def remove_bot(sim: Simulator, call: asked.RemoveBot) -> Answer:
    return {"update_ids": group.set_status(sim, call.chat_id, sim.bot_id, call.status, call.by)}


def title(sim: Simulator, call: asked.Title) -> Answer:
    return _said(sim, group.set_title(sim, call.chat_id, call.user_id, call.title))


def topic(sim: Simulator, call: asked.NewTopic) -> Answer:
    return _said(sim, group.open_topic(sim, call.chat_id, call.user_id, call.name))


def close_topic(sim: Simulator, call: asked.CloseTopic) -> Answer:
    return _said(sim, group.close_topic(sim, call.chat_id, call.user_id, call.topic_id, closed=call.closed))


def migrate(sim: Simulator, call: asked.Migrate) -> Answer:
    new: Chat = group.migrate(sim, call.chat_id, call.new_chat_id)
    return {"chat": wire.chat(sim.world, new)}


def connect(sim: Simulator, call: asked.Connect) -> Answer:
    connection, update_id = business.connect(sim, call.user_id, is_enabled=call.is_enabled)
    return {"connection_id": connection.id, "update_id": update_id}


def business_say(sim: Simulator, call: asked.BusinessSay) -> Answer:
    return _said(sim, business.say(sim, call.connection_id, call.chat_id, call.user_id, call.text, call.at))


def business_edit(sim: Simulator, call: asked.BusinessEdit) -> Answer:
    place = (call.connection_id, call.chat_id, call.user_id, call.message_id)
    return _said(sim, business.edit(sim, *place, call.text, call.at))


def business_delete(sim: Simulator, call: asked.BusinessDelete) -> Answer:
    return {"update_id": business.delete(sim, call.connection_id, call.chat_id, call.message_ids)}


def raw_update(sim: Simulator, call: asked.RawUpdate) -> Answer:
    return {"update_id": sim.push(call.kind, call.chat_id, call.payload)}


def limits(sim: Simulator, call: asked.LimitSwitch) -> Answer:
    sim.limits.switch(on=call.on)
    return {"on": sim.limits.on}


def drop_pending(sim: Simulator, _call: asked.Empty) -> Answer:
    sim.drop_pending()
    return DONE


def reset(sim: Simulator, _call: asked.Empty) -> Answer:
    """Begin again with the demo firm. Ids go on: a database may still know the old ones. The webhook stays."""
    before, fresh = sim.world, demo_world(sim.bot_id)
    fresh.spent_ids = before.spent_ids | {number: chat.last_message_id for number, chat in before.chats.items()}
    for number, chat in fresh.chats.items():
        chat.last_message_id = fresh.spent_ids.get(number, 0)
    fresh.last_file_id, fresh.last_query_id = before.last_file_id, before.last_query_id
    _replace(before, fresh)
    sim.contents.clear()
    sim.queries.known.clear()
    sim.faults.waiting.clear()
    sim.drop_pending()
    return DONE


def _replace(kept: Part, fresh: Part) -> None:
    for name in type(kept).model_fields:
        setattr(kept, name, getattr(fresh, name))
