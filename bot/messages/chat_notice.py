"""Words of what became of a chat, or of what all chats rely on."""

from bot.messages.quoting import TITLE, quoted
from bot.messages.windows import MessageFacts
from infra.words import _


def notice(facts: MessageFacts) -> str:
    """Return what has to be known, and what mends it."""
    match facts.event:
        case "model_unavailable":
            return _model_unavailable()
        case "reply_not_sent":
            return _reply_not_sent(facts)
        case "test_alert":
            return _test_alert()
    return _bot_removed(facts)


def _reply_not_sent(facts: MessageFacts) -> str:
    return _(
        "Ваш ответ в чат «{chat}» не ушёл: Telegram его не принял."
        " Ответьте в чате сами или отправьте ещё раз: /template"
    ).format(chat=quoted(facts.chat_name or _("без названия"), TITLE))


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


def _test_alert() -> str:
    return _("Это тестовое оповещение: бот может вам писать. Делать ничего не нужно.")
