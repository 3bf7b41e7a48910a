"""Changing what was sent: editMessageText, editMessageReplyMarkup, deleteMessage, setMessageReaction."""

from infra.local.telegram import wire
from infra.local.telegram.errors import bad_request
from infra.local.telegram.keyboards import inline_keyboard
from infra.local.telegram.methods import parameters as asked
from infra.local.telegram.methods.access import message_of
from infra.local.telegram.reactions import EMOJI
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.texts import message_text
from infra.local.telegram.webhook_answer import Files
from infra.local.telegram.world import Message

TWO_DAYS_SECONDS = 48 * 3600


def _editable(sim: Simulator, call: asked.EditMessageText | asked.EditMessageReplyMarkup) -> Message:
    message = message_of(sim, call.chat_id, call.message_id, "message to edit not found")
    if message.author_id != sim.bot_id:
        raise bad_request("message can't be edited")
    sim.limits.spend(message.chat_id)
    return message


def _not_modified() -> Exception:
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message"
    )


async def edit_message_text(sim: Simulator, call: asked.EditMessageText, _files: Files) -> wire.Wire:
    text, entities = message_text(call.text, call.parse_mode, call.entities)
    keyboard = inline_keyboard(call.reply_markup)
    message = _editable(sim, call)
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    if (text, entities, keyboard) == (message.text, message.entities, message.keyboard):
        raise _not_modified()
    message.text, message.entities, message.keyboard, message.edit_date = text, entities, keyboard, now()
    sim.changed(message.chat_id)
    return wire.message(sim.world, message)


async def edit_message_reply_markup(sim: Simulator, call: asked.EditMessageReplyMarkup, _files: Files) -> wire.Wire:
    keyboard = inline_keyboard(call.reply_markup)
    message = _editable(sim, call)
    if keyboard == message.keyboard:
        raise _not_modified()
    message.keyboard, message.edit_date = keyboard, now()
    sim.changed(message.chat_id)
    return wire.message(sim.world, message)


async def delete_message(sim: Simulator, call: asked.DeleteMessage, _files: Files) -> bool:
    message = message_of(sim, call.chat_id, call.message_id, "message to delete not found")
    chat = sim.world.chat(message.chat_id)
    mine = message.author_id == sim.bot_id or chat.type == "private"
    if not mine and not sim.bot_is_in_charge(chat):
        raise bad_request("message can't be deleted")
    if mine and not sim.bot_is_in_charge(chat) and now() - message.date > TWO_DAYS_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    del chat.messages[message.message_id]
    sim.changed(chat.id)
    return True


async def set_message_reaction(sim: Simulator, call: asked.SetMessageReaction, _files: Files) -> bool:
    message = message_of(sim, call.chat_id, call.message_id, "message to react not found")
    emoji = [str(one.get("emoji")) for one in call.reaction or []]
    if len(emoji) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(one not in EMOJI for one in emoji):
        raise bad_request("REACTION_INVALID")
    message.reactions.pop(sim.bot_id, None)
    if emoji:
        message.reactions[sim.bot_id] = emoji
    sim.changed(message.chat_id)
    return True
