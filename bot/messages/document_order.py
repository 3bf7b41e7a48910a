"""Words of an order of a document: the form, the order as the client's message, and what the chat reads of it."""

from datetime import date
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from babel.dates import format_date

from bot.messages.buttons import (
    DOCUMENT_VERBS,
    ORDER_ACT,
    ORDER_CANCEL,
    ORDER_CERTIFICATE,
    ORDER_INVOICE,
    ORDER_SEND,
    PERIOD_LAST_MONTH,
    PERIOD_LAST_QUARTER,
    PERIOD_LAST_YEAR,
    PERIOD_THIS_MONTH,
    PERIOD_VERBS,
    Buttons,
)
from bot.messages.quoting import NAME, PHRASE, TITLE, quoted
from bot.messages.replies import Place
from infra.words import N_, _, language

_MONTHS_IN_QUARTER = 3
_MONTHS_IN_YEAR = 12
# What a person may write into a field of the form; the whole fits into one message by far.
PERIOD_LIMIT, COMMENT_LIMIT = 100, 600

_DOCUMENTS = {
    ORDER_ACT: (N_("Акт"), N_("Нужен акт, период: {period}.")),
    ORDER_CERTIFICATE: (N_("Справка"), N_("Нужна справка, период: {period}.")),
    ORDER_INVOICE: (N_("Счёт"), N_("Нужен счёт, период: {period}.")),
}
_PERIODS = {
    PERIOD_THIS_MONTH: N_("Этот месяц"),
    PERIOD_LAST_MONTH: N_("Прошлый месяц"),
    PERIOD_LAST_QUARTER: N_("Прошлый квартал"),
    PERIOD_LAST_YEAR: N_("Прошлый год"),
}


class Order(Place):
    """An order, as `private.order_facts` describes it."""

    ordered_by: str | None
    words: str
    number: int | None


def ask_document(order: UUID, buttons: Buttons) -> tuple[str, InlineKeyboardMarkup]:
    """Return the first question."""
    offered = [(_(_DOCUMENTS[verb][0]), verb) for verb in DOCUMENT_VERBS]
    return _("Какой документ нужен?"), _keyboard(order, buttons, [offered])


def ask_period(order: UUID, buttons: Buttons, *, is_private: bool) -> tuple[str, InlineKeyboardMarkup]:
    """Return the second question; in private it may be answered in words."""
    offered = [(_(_PERIODS[verb]), verb) for verb in PERIOD_VERBS]
    question = _("За какой период? Выберите или напишите.") if is_private else _("За какой период?")
    return question, _keyboard(order, buttons, [offered[:2], offered[2:]])


def ask_comment(order: UUID, buttons: Buttons, words: str, *, is_private: bool) -> tuple[str, InlineKeyboardMarkup]:
    """Return the order as it stands; in private, words that follow are added and send it."""
    more = _("Если нужно что-то добавить, напишите одним сообщением.") if is_private else ""
    text = "\n".join([quoted(words, PHRASE), *([more] if more else [])])
    return text, _keyboard(order, buttons, [[(_("Отправить заказ"), ORDER_SEND)]])


def period(verb: str, today: date) -> str:
    """Return the dates that a button means today: «март 2026», «1 квартал 2026», «2025 год»."""
    if verb == PERIOD_LAST_YEAR:
        return _("{year} год").format(year=today.year - 1)
    if verb == PERIOD_LAST_QUARTER:
        quarters = today.year * 4 + (today.month - 1) // _MONTHS_IN_QUARTER - 1
        return _("{quarter} квартал {year}").format(quarter=quarters % 4 + 1, year=quarters // 4)
    months = today.year * _MONTHS_IN_YEAR + today.month - 1 - (verb == PERIOD_LAST_MONTH)
    first = date(months // _MONTHS_IN_YEAR, months % _MONTHS_IN_YEAR + 1, 1)
    return format_date(first, "LLLL y", locale=language())


def words(document: str, of_period: str, comment: str = "") -> str:
    """Return the order as the client would write it, plain text."""
    line = _(_DOCUMENTS[document][1]).format(period=" ".join(of_period.split())[:PERIOD_LIMIT])
    more = " ".join(comment.split())[:COMMENT_LIMIT]
    return f"{line}\n{more}" if more else line


def taken(chat_name: str) -> str:
    """Return what the client reads who ordered."""
    return _("Заказ записан в чат «{chat}». Там же придёт документ.").format(chat=quoted(chat_name, TITLE))


def cancelled() -> str:
    """Return what is left of a form that was given up."""
    return _("Заказ отменён.")


def ordered(order: Order) -> str:
    """Return what the chat reads of an order, so that both sides see it."""
    who = quoted(order.ordered_by or _("клиент"), NAME)
    lines = [_("📄 Заказ, {who}:").format(who=who), *(quoted(line, COMMENT_LIMIT) for line in order.words.split("\n"))]
    if order.number:
        lines.append(_("Номер обращения: {number}.").format(number=order.number))
    return "\n".join(lines)


def _keyboard(order: UUID, buttons: Buttons, rows: list[list[tuple[str, str]]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, order)) for text, verb in row]
            for row in [*rows, [(_("Отменить"), ORDER_CANCEL)]]
        ]
    )
