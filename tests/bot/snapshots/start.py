"""The first meeting in private."""

from bot.messages import start
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    "somebody of the firm": lambda: start.greeting("Olga", is_alerted=True),
    "an observer": lambda: start.greeting("Olga", is_alerted=False),
    "anybody else": lambda: start.greeting(None, is_alerted=False),
    "a link was used": lambda: start.tied("Olga", is_alerted=True),
    "an observer's link was used": lambda: start.tied("Olga", is_alerted=False),
}
