"""Numbers as the reader's language writes them."""

from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_decimal

from infra.words import language


def number(value: Decimal | float) -> str:
    """Return «12 345,6» or «−12,345.6»: one place where there is a fraction at all, no break within, a real minus."""
    return _written(value, "#,##0.#", language()).replace("-", "−")


def average(value: Decimal | float) -> str:
    """Return «4,25»: the mean of stars, as exact as the database tells it."""
    return _written(value, "0.0#", language())


# A page of figures has hundreds of them, mostly small and mostly the same.
@lru_cache(maxsize=4096)
def _written(value: Decimal | float, pattern: str, locale: str) -> str:
    return format_decimal(value, format=pattern, locale=locale)
