"""Numbers as the reader's language writes them."""

from decimal import Decimal

from babel.numbers import format_decimal

from infra.words import language


def number(value: Decimal | float) -> str:
    """Return «12 345,6» or «−12,345.6»: one place where there is a fraction at all, no break within, a real minus."""
    return format_decimal(value, format="#,##0.#", locale=language()).replace("-", "−")


def average(value: Decimal | float) -> str:
    """Return «4,25»: the mean of stars, as exact as the database tells it."""
    return format_decimal(value, format="0.0#", locale=language())
