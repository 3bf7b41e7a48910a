"""Ordering a document."""

from datetime import date

from bot.messages import document_order
from bot.messages.buttons import DOCUMENT_VERBS, ORDER_ACT, PERIOD_VERBS
from bot.messages.document_order import Order
from tests.bot.snapshot import Messages
from tests.bot.told import BUTTONS, ROW

TODAY = date(2026, 1, 15)


def _orders() -> str:
    periods = [document_order.period(verb, TODAY) for verb in PERIOD_VERBS]
    return "\n".join(document_order.words(document, period) for document in DOCUMENT_VERBS for period in periods)


MESSAGES: Messages = {
    "which document": lambda: document_order.ask_document(ROW, BUTTONS),
    "which period, in a group": lambda: document_order.ask_period(ROW, BUTTONS, is_private=False),
    "which period, in private": lambda: document_order.ask_period(ROW, BUTTONS, is_private=True),
    "anything else, in a group": lambda: document_order.ask_comment(ROW, BUTTONS, "Act", is_private=False),
    "anything else, in private": lambda: document_order.ask_comment(ROW, BUTTONS, "Act", is_private=True),
    "every document for every period": _orders,
    "with a comment": lambda: document_order.words(ORDER_ACT, "2025", "for  the\nbank"),
    "taken": lambda: document_order.taken("Romashka"),
    "cancelled": document_order.cancelled,
    "told to the chat": lambda: document_order.ordered(Order(ordered_by="Anna <3", words="Act\nbank", number=127)),
    "told to the chat of nobody in particular": lambda: document_order.ordered(
        Order(ordered_by=None, words="Act", number=None)
    ),
}
