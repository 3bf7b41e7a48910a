"""Words of the first meeting in private."""

from aiogram import html


def greeting(full_name: str | None) -> str:
    """Return what `/start` answers: to a person of the firm by name, to anybody else who we are."""
    if full_name:
        return f"Здравствуйте, {html.quote(full_name)}. Здесь я сообщу о клиентах, которые ждут дольше нормы."
    return (
        "Здравствуйте. Этот бот следит, чтобы в рабочих чатах клиентам отвечали вовремя. Пишите в чат своей компании."
    )


def tied(full_name: str) -> str:
    """Return what a person reads whose own link was just used."""
    return f"{html.quote(full_name)}, этот Telegram теперь ваш рабочий. Сюда придёт, если клиент ждёт дольше нормы."
