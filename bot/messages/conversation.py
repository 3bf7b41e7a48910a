"""What a person reads whose words belong to nothing that is under way."""

from infra.words import _


def lost() -> str:
    """Return what is said when a form was under way and is not any more."""
    return _("Я потерял нить: с прошлого вопроса прошло слишком много времени или был сбой. Начните заново: /help")


def not_fitting() -> str:
    """Return what is said when a form is under way and this is no answer to it."""
    return _("Такой ответ сюда не подходит. Ответьте на вопрос выше или начните заново: /help")


def not_understood() -> str:
    """Return the one helpful line."""
    return _("Не понял, что сделать. Команды, которые я знаю: /help")
