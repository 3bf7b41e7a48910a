"""What the bot may ask about chats, members and itself: getMe, getChat and its kin, commands, leaveChat."""

import re

from infra.local.telegram import wire
from infra.local.telegram.errors import bad_request
from infra.local.telegram.methods import parameters as asked
from infra.local.telegram.methods.access import known_chat, open_chat
from infra.local.telegram.simulator import Simulator, now
from infra.local.telegram.webhook_answer import Files
from infra.local.telegram.world import IN_CHARGE, PRESENT

_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMANDS_LIMIT = 100


async def get_me(sim: Simulator, _call: asked.Nothing, _files: Files) -> wire.Wire:
    return wire.me(sim.world.bot)


async def get_chat(sim: Simulator, call: asked.OfChat, _files: Files) -> wire.Wire:
    chat = known_chat(sim, call.chat_id)
    if chat.type != "private":
        open_chat(sim, call.chat_id)
    about = {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, True),
    }
    return wire.chat(sim.world, chat) | about


async def get_chat_member(sim: Simulator, call: asked.GetChatMember, _files: Files) -> wire.Wire:
    chat = open_chat(sim, call.chat_id)
    person = sim.world.people.get(call.user_id)
    if person is None:
        raise bad_request("user not found")
    if chat.type == "private":
        if person.id not in (chat.id, sim.bot_id):
            raise bad_request("user not found")
        return wire.member(person, "member")
    return wire.member(person, chat.status_of(person.id))


async def get_chat_administrators(sim: Simulator, call: asked.OfChat, _files: Files) -> list[wire.Wire]:
    """Return the owner and administrators; other bots are left out, as in Telegram."""
    chat = open_chat(sim, call.chat_id)
    if chat.type == "private":
        raise bad_request("there are no administrators in the private chat")
    people = [(sim.world.person(number), status) for number, status in chat.members.items() if status in IN_CHARGE]
    return [wire.member(who, status) for who, status in people if not who.is_bot or who.id == sim.bot_id]


async def get_chat_member_count(sim: Simulator, call: asked.OfChat, _files: Files) -> int:
    chat = open_chat(sim, call.chat_id)
    return 2 if chat.type == "private" else sum(status in PRESENT for status in chat.members.values())


async def leave_chat(sim: Simulator, call: asked.OfChat, _files: Files) -> bool:
    chat = open_chat(sim, call.chat_id)
    if chat.type == "private":
        raise bad_request("chat_id is not a group")
    before = chat.status_of(sim.bot_id)
    chat.members[sim.bot_id] = "left"
    bot = sim.world.bot
    event = {"chat": wire.chat(sim.world, chat), "from": wire.user(bot), "date": now()}
    event |= {"old_chat_member": wire.member(bot, before), "new_chat_member": wire.member(bot, "left")}
    sim.push("my_chat_member", chat.id, event)
    return True


def _shelf(call: asked.OfCommands) -> str:
    scope = call.scope or {"type": "default"}
    place = [str(scope[key]) for key in ("type", "chat_id", "user_id") if key in scope]
    return " ".join([*place, call.language_code or ""])


async def set_my_commands(sim: Simulator, call: asked.SetMyCommands, _files: Files) -> bool:
    if len(call.commands) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in call.commands:
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    sim.world.commands[_shelf(call)] = [
        {"command": str(one["command"]).removeprefix("/"), "description": str(one["description"])}
        for one in call.commands
    ]
    sim.changed()
    return True


async def get_my_commands(sim: Simulator, call: asked.OfCommands, _files: Files) -> list[dict[str, str]]:
    return sim.world.commands.get(_shelf(call), [])


async def delete_my_commands(sim: Simulator, call: asked.OfCommands, _files: Files) -> bool:
    sim.world.commands.pop(_shelf(call), None)
    sim.changed()
    return True
