"""Words of a low rating, for those who run the firm: whose it is, what was said to it, and whose business it is now."""

from datetime import datetime
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages.buttons import TAKE_CASE, Buttons
from bot.messages.quoting import NAME, TITLE, quoted, verbatim
from bot.messages.times import moment
from infra.words import _, number

# UTF-16 units of what the client wrote; all of it stands in the panel.
_COMMENT_LIMIT = 2000


class CaseFacts(BaseModel):
    """A low rating as it is now: no rating when it was taken back meanwhile."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    case: UUID
    chat_name: str
    chat_url: str | None
    client_name: str | None
    accountant_name: str | None
    voter_name: str | None
    rating: int | None
    comment: str | None
    is_comment_news: bool
    voted_at: datetime
    timezone: str


def alert(facts: CaseFacts, now: datetime) -> str:
    """Return who is dissatisfied with what."""
    who = quoted(facts.voter_name or _("Клиент"), NAME)
    lines = [
        f"⭐ <b>{_headline(facts)}</b>",
        f"{who}, {moment(facts.voted_at, now, facts.timezone)}",
        _("Чат: {chat}").format(chat=_chat(facts)),
        *([_("Клиент: {client}").format(client=quoted(facts.client_name, TITLE))] if facts.client_name else []),
        _("Ответственный: {name}").format(name=quoted(facts.accountant_name, NAME))
        if facts.accountant_name
        else _("Ответственный не назначен"),
    ]
    if facts.comment:
        lines += ["", _("«{phrase}»").format(phrase=verbatim(facts.comment, _COMMENT_LIMIT))]
    return "\n".join([*lines, "", _("Бухгалтер этой оценки не видит: не называйте ему, кто её поставил.")])


def keyboard(facts: CaseFacts, buttons: Buttons) -> InlineKeyboardMarkup:
    """Return what a manager can do at once."""
    rows = [
        [InlineKeyboardButton(text=_("Взять в работу"), callback_data=buttons.pack(TAKE_CASE, facts.case))],
        *([[InlineKeyboardButton(text=_("Открыть чат"), url=facts.chat_url)]] if facts.chat_url else []),
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def taken() -> str:
    """Return what is said to whoever has taken a case."""
    return _("Записано: этой оценкой занимаетесь вы.")


def _headline(facts: CaseFacts) -> str:
    if facts.rating is None:
        return _("Низкая оценка, клиент её отозвал")
    if facts.is_comment_news:
        return _("Комментарий к оценке {n} из 5").format(n=number(facts.rating))
    return _("Низкая оценка: {n} из 5").format(n=number(facts.rating))


def _chat(facts: CaseFacts) -> str:
    name = quoted(facts.chat_name, TITLE)
    # The address is ours, made of numbers alone.
    return f'<a href="{facts.chat_url}">{name}</a>' if facts.chat_url else name
