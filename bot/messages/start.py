"""Words of the first meeting in private."""

from bot.messages.quoting import NAME, quoted
from infra.words import _


def greeting(full_name: str | None) -> str:
    """Return what `/start` answers: to a person of the firm by name, to anybody else who we are."""
    if full_name:
        return _("Здравствуйте, {name}. Здесь я сообщу о клиентах, которые ждут дольше нормы.").format(
            name=quoted(full_name, NAME)
        )
    return _(
        "Здравствуйте. Этот бот следит, чтобы в рабочих чатах клиентам отвечали вовремя. Пишите в чат своей компании."
    )


def tied(full_name: str) -> str:
    """Return what a person reads whose own link was just used."""
    return _("{name}, этот Telegram теперь ваш рабочий. Сюда придёт, если клиент ждёт дольше нормы.").format(
        name=quoted(full_name, NAME)
    )
