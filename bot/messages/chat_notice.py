"""Words of what became of a chat, or of what all chats rely on."""

from bot.messages.quoting import TITLE, quoted
from bot.messages.windows import MessageFacts
from infra.words import _


def notice(facts: MessageFacts) -> str:
    """Return what has to be known, and what mends it."""
    return _model_unavailable() if facts.event == "model_unavailable" else _bot_removed(facts)


def _bot_removed(facts: MessageFacts) -> str:
    return _(
        "Бот удалён из чата «{chat}»."
        " Ответы клиентам там больше не отслеживаются."
        " Чтобы вернуть наблюдение, добавьте бота в чат снова."
    ).format(chat=quoted(facts.chat_name or _("без названия"), TITLE))


def _model_unavailable() -> str:
    return _(
        "Модель, которая помогает понимать сообщения клиентов, не отвечает."
        " Пока решают только правила: то, в чём они не уверены, ждёт ответа."
        " Проверьте ключ, адрес и остаток на счёте у поставщика модели."
    )
