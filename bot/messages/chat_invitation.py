"""Words of `/newchat`: which client, and the link that connects the client's chat."""

from datetime import datetime
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import NONE, Buttons
from bot.messages.choices import Offered, choices
from bot.messages.quoting import LISTED_TITLE, NAME, TITLE, quoted
from bot.messages.times import moment
from infra.words import _


class Invitation(BaseModel):
    """A link as `private.invitation_card` describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    token: str
    client: str | None
    accountant: str | None
    policy: str | None
    expires_at: datetime
    timezone: str


class FoundClients(BaseModel):
    """Clients whose names fit, and whether the asker may make one of exactly this name."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    clients: list[Offered]
    may_add: bool

    @property
    def only(self) -> Offered | None:
        """The client, where there is nothing to choose."""
        return self.clients[0] if len(self.clients) == 1 and not self.may_add else None


def which_client() -> str:
    """Return the question for the client."""
    return _("Чей чат подключаем? Напишите название клиента или несколько букв из него.")


def found(name: str, result: FoundClients, asker: UUID, buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the clients to choose from."""
    offered = choices(
        [*result.clients, Offered(id=NONE, name=_("Без клиента"))], lambda row: buttons.pack(verbs.INVITE, row)
    )
    rows = offered.inline_keyboard
    if result.may_add:
        text = _("Завести клиента «{name}»").format(name=_cut(name))
        rows = [*rows, [InlineKeyboardButton(text=text, callback_data=buttons.pack(verbs.ADD_CLIENT, asker))]]
    return _found(name, result), InlineKeyboardMarkup(inline_keyboard=rows)


def card(invitation: Invitation, link: str, now: datetime, buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the link with what it is bound to; `link` is the whole address."""
    title = _("Ссылка для чата клиента <b>{client}</b>").format(client=quoted(invitation.client or "", TITLE))
    lines = [
        title if invitation.client else _("Ссылка для чата, у которого пока нет клиента"),
        link,
        "",
        _("Откройте её или перешлите тому, кто управляет группой: Telegram предложит выбрать чат."),
        "",
        _("Ответственный: {name}").format(name=quoted(invitation.accountant or _("не назначен"), NAME)),
        _("Политика: {name}").format(name=quoted(invitation.policy or _("обычная"), TITLE)),
        _("Подключает один чат, действует до: {moment}.").format(
            moment=moment(invitation.expires_at, now, invitation.timezone)
        ),
    ]
    acts = [(_("Сменить ответственного"), verbs.INVITED_OWNER), (_("Сменить политику"), verbs.INVITED_POLICY)]
    rows = [[InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, invitation.id))] for text, verb in acts]
    return "\n".join(lines), InlineKeyboardMarkup(inline_keyboard=rows)


def qr_caption() -> str:
    """Return what stands under the picture of the link."""
    return _("Та же ссылка QR-кодом: наведите камеру телефона, с которого управляете группой.")


def which_owner(invitation: UUID, offered: list[Offered], buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the question for who will answer in the chat."""
    rows = [*offered, Offered(id=NONE, name=_("Пока никто"))]
    return _("Кто будет отвечать в этом чате?"), choices(rows, lambda row: buttons.pack(verbs.OWNER, invitation, row))


def which_policy(invitation: UUID, offered: list[Offered], buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the question for the policy of the chat."""
    rows = [Offered(id=NONE, name=_("Обычное")), *offered]
    return _("По какой политике измерять время ответа?"), choices(
        rows, lambda row: buttons.pack(verbs.POLICY, invitation, row)
    )


def _found(name: str, result: FoundClients) -> str:
    if result.clients:
        return _("Кого из них подключаем?")
    if result.may_add:
        return _("Клиента «{name}» нет.").format(name=quoted(name, TITLE))
    return _("Клиента «{name}» нет. Новых заводит администратор, а чат можно подключить и без клиента.").format(
        name=quoted(name, TITLE)
    )


def _cut(name: str) -> str:
    return name if len(name) <= LISTED_TITLE else f"{name[: LISTED_TITLE - 1]}…"
