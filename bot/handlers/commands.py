"""`/help`: what whoever asks may do here, from the one table of commands."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot.commands import COMMANDS, Scope, listed
from bot.errors import words as refusal
from bot.identity import Person, Role
from bot.messages import commands as words

router = Router(name="commands")


@router.message(Command("help"), F.chat.type == "private")
async def tell_commands(message: Message, person: Person) -> None:
    """List the commands of the person's role."""
    everybodys = _listing(None, "group")
    extra = [command for command in _listing(person.role, "group") if command not in everybodys]
    await message.answer(words.private(_listing(person.role, "private"), extra))


@router.message(Command("help"))
async def tell_everybody(message: Message) -> None:
    """List what everybody in a group may use; who may do more asks in private."""
    await message.reply(words.group(_listing(None, "group")))


@router.message(Command(*(command.name for command in COMMANDS)), F.chat.type == "private")
async def refuse(message: Message, command: CommandObject, person: Person) -> None:
    """Answer what no handler took: it is not for this person, or not for here."""
    is_elsewhere = command.command in {one.name for one in listed(person.role, "group")}
    await message.answer(words.elsewhere() if is_elsewhere else refusal("not_allowed"))


def _listing(role: Role | None, scope: Scope) -> list[tuple[str, str]]:
    return [(command.name, command.what) for command in listed(role, scope)]
