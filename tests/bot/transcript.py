"""What every command answers to every role, as `docs/commands.md`: `python -m tests.bot.transcript` writes it.

The answers are those of the snapshots, which tests compare with the code; that each role gets them is tested end to
end.
"""

import sys
from itertools import groupby

from bot.commands import COMMANDS, STAFF, Command, Scope
from bot.errors import words
from bot.identity import Role
from infra.local.telegram.texts import message_text
from infra.words import _, speaking
from tests.bot import snapshot
from tests.stack import ROOT

PATH = ROOT / "docs" / "commands.md"

ROLES: dict[Role | None, str] = {
    "admin": "администратор",
    "manager": "руководитель",
    "accountant": "бухгалтер",
    "observer": "наблюдатель",
    None: "клиент",
}
SCOPES: dict[Scope, str] = {"private": "в личном чате", "group": "в чате с клиентом"}

Occasion = tuple[str, str]

# Telegram's own button sends it, so that no menu lists it.
START = Command("start", "Первое знакомство", ("private",))
SHOWN = (START, *COMMANDS)

# Which snapshot shows a command's answer; by role where it differs.
ANSWERS: dict[tuple[str, Scope], Occasion | dict[Role | None, Occasion]] = {
    ("start", "private"): {
        **dict.fromkeys(STAFF, ("start", "somebody of the firm")),
        "observer": ("start", "an observer"),
        None: ("start", "anybody else"),
    },
    ("queue", "private"): {
        "admin": ("queue", "the team's waits, in the middle"),
        "manager": ("queue", "the team's waits, in the middle"),
        "accountant": ("queue", "own waits"),
    },
    ("mychats", "private"): ("queue", "chats"),
    ("mystats", "private"): {
        "admin": ("stats", "a manager's"),
        "manager": ("stats", "a manager's"),
        "accountant": ("stats", "an accountant's"),
    },
    ("template", "private"): ("template", "which"),
    ("faq", "private"): ("faq", "what is asked most"),
    ("absence", "private"): ("absence", "two absences, and somebody to stand in for"),
    ("notifications", "private"): ("notifications", "some silence"),
    ("newchat", "private"): ("chat_invitation", "which client"),
    ("digest", "private"): ("sla_digest", "who waits in several chats"),
    ("diagnose", "group"): ("chat_checklist", "all is amiss"),
    ("info", "private"): ("info", "much is wrong"),
    ("menu", "private"): ("client_menu", "in private"),
    ("menu", "group"): ("client_menu", "in a group"),
    ("language", "private"): ("language", "the question"),
    ("help", "private"): {
        "admin": ("commands", "to an admin"),
        "manager": ("commands", "to a manager"),
        "accountant": ("commands", "to an accountant"),
        "observer": ("commands", "to everybody"),
        None: ("commands", "to everybody"),
    },
    ("help", "group"): ("commands", "in a group"),
}


def text() -> str:
    """Return the whole transcript, in Russian, as people read it."""
    with speaking("ru"):
        sections = [_section(command, scope) for command in SHOWN for scope in command.scopes]
    head = "# Команды бота\n\nЧто бот отвечает на каждую команду. Пишется `python -m tests.bot.transcript`."
    return "\n\n".join([head, *sections]) + "\n"


def _section(command: Command, scope: Scope) -> str:
    answers = [(_answer(command, scope, role), name) for role, name in ROLES.items()]
    blocks = [
        f"**{', '.join(name for _, name in group)}**\n\n```\n{answer}\n```"
        for answer, group in ((answer, list(group)) for answer, group in groupby(answers, key=lambda one: one[0]))
    ]
    return "\n\n".join([f"## /{command.name} {SCOPES[scope]}\n\n{_(command.what)}.", *blocks])


def _answer(command: Command, scope: Scope, role: Role | None) -> str:
    if command.roles and role not in command.roles:
        return words("not_allowed") if scope == "private" else "(бот молчит: чат читает клиент)"
    shown = ANSWERS[command.name, scope]
    feature, occasion = shown[role] if isinstance(shown, dict) else shown
    said = snapshot.messages(feature)[occasion]()
    marked, keyboard = (said, None) if isinstance(said, str) else said
    plain, _entities = message_text(marked, "HTML", None)
    return snapshot.drawn((plain, keyboard))


def main() -> int:
    """Write it."""
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
