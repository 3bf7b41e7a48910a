"""Words of what became of a chat, or of what all chats rely on."""

from collections.abc import Callable, Mapping

from bot.messages.quoting import TITLE, quoted
from bot.messages.windows import MessageFacts
from infra.words import _, ngettext, number


def notice(facts: MessageFacts) -> str:
    """Return what has to be known, and what mends it."""
    return _NOTICES.get(facts.event or "", _bot_removed)(facts)


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


def _model_unavailable(_facts: MessageFacts) -> str:
    return _(
        "Модель, которая помогает понимать сообщения клиентов, не отвечает."
        " Пока решают только правила: то, в чём они не уверены, ждёт ответа."
        " Проверьте ключ, адрес и остаток на счёте у поставщика модели."
    )


def _test_alert(_facts: MessageFacts) -> str:
    return _("Это тестовое оповещение: бот может вам писать. Делать ничего не нужно.")


def _webhook_restored(_facts: MessageFacts) -> str:
    return _(
        "Кто-то увёл вебхук бота: сообщения клиентов шли не к нам или никуда. Бот установил его снова."
        " Если это были не вы, токен бота знает посторонний: замените его у @BotFather."
    )


def _certificate(facts: MessageFacts) -> str:
    host = quoted(facts.about or "", TITLE)
    if facts.amount is None:
        return _("Сертификат {host} не принимается: Telegram и браузеры не зайдут. Обновите его сейчас.").format(
            host=host
        )
    days = ngettext("{n} день", "{n} дня", facts.amount)
    return _(
        "Сертификат {host} действует ещё {days}. Он должен был обновиться сам: посмотрите, почему не обновился."
    ).format(host=host, days=days)


def _disk(facts: MessageFacts) -> str:
    return _(
        "На диске сервера свободно {n} %."
        " Когда он заполнится, база, Redis и резервные копии остановятся. Освободите место."
    ).format(n=number(facts.amount or 0))


def _chats(facts: MessageFacts) -> str:
    return _(
        "Красных чатов: {n}. Там бот не слышит клиентов, или об опоздании никто не узнает."
        " Что мешает и как это исправить, видно на странице «Чаты» и по команде /diagnose в самом чате."
    ).format(n=number(facts.amount or 0))


_NOTICES: Mapping[str, Callable[[MessageFacts], str]] = {
    "certificate_valid": _certificate,
    "chats_well": _chats,
    "disk_has_room": _disk,
    "model_unavailable": _model_unavailable,
    "reply_not_sent": _reply_not_sent,
    "test_alert": _test_alert,
    "webhook_ours": _webhook_restored,
}
