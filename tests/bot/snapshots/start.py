"""The first meeting in private."""

from bot.messages import start
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    "somebody of the firm": lambda: start.greeting("Olga"),
    "anybody else": lambda: start.greeting(None),
    "a link was used": lambda: start.tied("Olga"),
}
