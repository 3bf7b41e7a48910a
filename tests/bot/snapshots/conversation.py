"""Words that belong to nothing that is under way."""

from bot.messages import conversation
from tests.bot.snapshot import Messages

MESSAGES: Messages = {
    "a form was lost": conversation.lost,
    "not an answer to the form": conversation.not_fitting,
    "not understood": conversation.not_understood,
}
