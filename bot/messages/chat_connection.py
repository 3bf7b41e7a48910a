"""Words of the moments in which a chat becomes a client's."""

from uuid import UUID

from aiogram.types import InlineKeyboardMarkup

from bot.messages import buttons as verbs
from bot.messages.buttons import NONE, Buttons
from bot.messages.choices import Offered, choices
from infra.words import _


def connected(*, hears: bool) -> str:
    """Return what is said in the group to whoever opened the link; the details go to whoever invited."""
    if hears:
        return _("Чат подключён.")
    return _("Чат подключён. Чтобы я видел сообщения, назначьте меня администратором чата, особых прав не нужно.")


def deaf() -> str:
    """Return what somebody outside the firm reads who brought the bot to where it hears nothing (G1)."""
    return _(
        "Вы добавили меня в чат, но пока я вижу там только команды и обращения ко мне."
        " Чтобы на сообщения отвечали вовремя, назначьте меня администратором чата, особых прав не нужно."
    )


def in_private() -> str:
    """Return what is said in the group, where clients read: nothing of what was found."""
    return _("Отвечаю на это только лично. Откройте меня и нажмите «Старт».")


def whose_chat(chat: UUID, offered: list[Offered], buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the question for the client of a chat to which the bot was added by hand."""
    rows = [*offered, Offered(id=NONE, name=_("Без клиента"))]
    return (
        _("Чей это чат? Если клиента в списке нет, подключите без клиента."),
        choices(rows, lambda row: buttons.pack(verbs.ADOPT_FOR, chat, row)),
    )


def who_answers(chat: UUID, offered: list[Offered], buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the question for the owner of a chat."""
    return _("Кто отвечает клиенту?"), choices(offered, lambda row: buttons.pack(verbs.GIVE_TO, chat, row))
