"""Somebody else's words in a message of ours: the only place that makes them Telegram HTML."""

from aiogram import html

# Telegram takes 4096 UTF-16 units. Names and phrases are cut so that even the longest list of them fits.
TITLE, NAME, PHRASE = 100, 60, 300
LISTED_TITLE, LISTED_NAME, LISTED_PHRASE = 50, 30, 60


def quoted(text: str, length: int) -> str:
    """Return somebody's words as Telegram HTML: on one line, and not longer than `length` characters."""
    line = " ".join(text.split())
    return html.quote(line if len(line) <= length else f"{line[: length - 1]}…")


def verbatim(text: str, length: int = 4096) -> str:
    """Return somebody's words as Telegram HTML with their lines as they are, not longer than `length` UTF-16 units."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * length:
        return html.quote(text)
    return html.quote(units[: 2 * (length - 1)].decode("utf-16-le", "ignore") + "…")
