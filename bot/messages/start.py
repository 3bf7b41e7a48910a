"""Words of the first meeting in private."""

from bot.messages.quoting import NAME, quoted
from infra.words import _


def greeting(full_name: str | None, *, is_alerted: bool) -> str:
    """Return what `/start` answers: to a person of the firm by name, to anybody else who we are."""
    if full_name is None:
        return _(
            "Здравствуйте. Этот бот следит, чтобы в рабочих чатах клиентам отвечали вовремя."
            " Пишите в чат своей компании."
        )
    if is_alerted:
        said = _("Здравствуйте, {name}. Здесь я сообщу о клиентах, которые ждут дольше нормы.")
    else:
        said = _("Здравствуйте, {name}. Наблюдателям я не пишу о клиентах, которые ждут: они видны в панели.")
    return said.format(name=quoted(full_name, NAME))


def tied(full_name: str, *, is_alerted: bool) -> str:
    """Return what a person reads whose own link was just used."""
    if is_alerted:
        said = _("{name}, этот Telegram теперь ваш рабочий. Сюда придёт, если клиент ждёт дольше нормы.")
    else:
        said = _("{name}, этот Telegram теперь ваш рабочий.")
    return said.format(name=quoted(full_name, NAME))
