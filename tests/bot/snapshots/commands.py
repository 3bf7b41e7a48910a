"""`/help`, as each role reads it, and what Telegram lists."""

from bot.commands import COMMANDS, Scope, listed
from bot.identity import Role
from bot.messages import commands
from tests.bot.snapshot import Messages


def listing(role: Role | None, scope: Scope) -> list[tuple[str, str]]:
    return [(command.name, command.what) for command in listed(role, scope)]


MESSAGES: Messages = {
    "to everybody": lambda: commands.private(listing(None, "private"), []),
    "to an accountant": lambda: commands.private(listing("accountant", "private"), []),
    "to a manager": lambda: commands.private(
        listing("manager", "private"), [(one.name, one.what) for one in COMMANDS if one.scopes == ("group",)]
    ),
    "to an admin": lambda: commands.private(
        listing("admin", "private"), [(one.name, one.what) for one in COMMANDS if one.scopes == ("group",)]
    ),
    "a command for groups, in private": commands.elsewhere,
    "in a group": lambda: commands.group(listing(None, "group")),
}
