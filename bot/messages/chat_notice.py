"""Words of what became of a chat."""

from bot.messages.quoting import TITLE, quoted
from bot.messages.windows import MessageFacts
from infra.words import _


def notice(facts: MessageFacts) -> str:
    """Return what the chat's owner has to know: nobody watches it any more, and what brings that back."""
    return _(
        "Бот удалён из чата «{chat}»."
        " Ответы клиентам там больше не отслеживаются."
        " Чтобы вернуть наблюдение, добавьте бота в чат снова."
    ).format(chat=quoted(facts.chat_name or _("без названия"), TITLE))
