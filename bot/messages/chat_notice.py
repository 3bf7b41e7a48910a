"""Words of what became of a chat."""

from bot.messages.quoting import TITLE, quoted
from bot.messages.windows import MessageFacts
from infra.words import _


def notice(facts: MessageFacts) -> str:
    """Return what somebody has to know of a chat, and what mends it."""
    if facts.event == "reply_not_sent":
        return _(
            "Ваш ответ в чат «{chat}» не ушёл: Telegram его не принял."
            " Ответьте в чате сами или отправьте ещё раз: /template"
        ).format(chat=quoted(facts.chat_name or _("без названия"), TITLE))
    return _(
        "Бот удалён из чата «{chat}»."
        " Ответы клиентам там больше не отслеживаются."
        " Чтобы вернуть наблюдение, добавьте бота в чат снова."
    ).format(chat=quoted(facts.chat_name or _("без названия"), TITLE))
