"""Words and numbers in the reader's language: one gettext catalogue, `locale/`, for everything that people read.

The source says it in Russian. `_("Клиент ждёт.")` returns it in the language that `speaking` set, Russian where nobody
did; `ngettext` picks the plural; `N_` marks what a table holds, to be looked up where it is said. A count in a text is
its field {n}, and `number` writes it.
"""

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALE = Path(__file__).resolve().parents[1] / "locale"
LANGUAGES = ("ru", "en")

_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def language() -> str:
    """Return the language that is spoken here and now, one of `LANGUAGES`."""
    return _language.get()


@contextmanager
def speaking(locale: str | None) -> Iterator[None]:
    """Say everything within in this language; one that the catalogue does not have is Russian."""
    token = _language.set(language())
    speak_on(locale)
    try:
        yield
    finally:
        _language.reset(token)


def speak_on(locale: str | None) -> None:
    """Go on in another language, until the `speaking` around it ends."""
    _language.set(locale if locale in LANGUAGES else LANGUAGES[0])


def _(text: str) -> str:
    """Return the text in the language spoken."""
    return _said(text, language())


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form that goes with the count in the language spoken, with it as {n}; Russian has three."""
    return _counted(one, many, count, language())


def number(value: Decimal | float) -> str:
    """Return «12 345,6» or «−12,345.6»: one place where there is a fraction at all, no break within, a real minus."""
    return _number(value, language())


def average(value: Decimal | float) -> str:
    """Return «4,25»: the mean of stars, as exact as the database tells it."""
    return _written(value, "0.0#", language())


def N_(text: str) -> str:  # noqa: N802 (gettext's own name)
    """Mark a text for the catalogue, and return it as it is."""
    return text


def _number(value: Decimal | float, locale: str) -> str:
    return _written(value, "#,##0.#", locale).replace("-", "−")


# A page of figures has hundreds of them, mostly small and mostly the same.
@lru_cache(maxsize=4096)
def _written(value: Decimal | float, pattern: str, locale: str) -> str:
    return format_decimal(value, format=pattern, locale=locale)


# A list says the same few words again and again.
@lru_cache(maxsize=8192)
def _said(text: str, locale: str) -> str:
    return _catalogue(locale).gettext(text)


# As do its counts, which are small.
@lru_cache(maxsize=4096)
def _counted(one: str, many: str, count: int, locale: str) -> str:
    return _catalogue(locale).ngettext(one, many, count).replace("{n}", _number(count, locale))


@cache
def _catalogue(locale: str) -> gettext.NullTranslations:
    # Compiled here and now: a file beside its source would be one more thing to forget.
    with (LOCALE / locale / "LC_MESSAGES" / "buhbot.po").open("rb") as source:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
