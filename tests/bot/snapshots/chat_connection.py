"""A chat becomes a client's."""

from bot.messages import chat_connection
from bot.messages.choices import Offered
from tests.bot.snapshot import Messages
from tests.bot.told import BUTTONS, ROW

MESSAGES: Messages = {
    "in the group, connected": lambda: chat_connection.connected(hears=True),
    "in the group, connected but deaf": lambda: chat_connection.connected(hears=False),
    "to a client who brought a deaf bot": chat_connection.deaf,
    "in the group, to a manager who never started the bot": chat_connection.in_private,
    "by hand: whose chat it is": lambda: chat_connection.whose_chat(ROW, [Offered(id=ROW, name="Romashka")], BUTTONS),
    "by hand: who answers": lambda: chat_connection.who_answers(ROW, [Offered(id=ROW, name="Olga Petrova")], BUTTONS),
}
