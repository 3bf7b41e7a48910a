"""The language in which the bot writes."""

from bot.messages import language
from tests.bot import told
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    "the question": lambda: (language.question(), language.keyboard(2001, told.BUTTONS)),
    "chosen": language.chosen,
}
