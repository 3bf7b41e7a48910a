"""What SQL refuses, and what went wrong, in words."""

from functools import partial

from bot import errors
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    **{key: partial(errors.words, key, "Olga Petrova") for key in errors.REFUSALS},
    "a failure": lambda: errors.failure("A1B2C3"),
}
