"""Every message of the bot, as people read it: kept as text, compared by the tests, read by eye when it changes.

`tests/bot/snapshots/<feature>.py` makes messages up; beside it, one text for each language says what they look like.
`python -m tests.bot.snapshot` writes the texts. Made-up names and phrases are Latin: whatever is Russian in English
is then ours.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from aiogram.types import InlineKeyboardMarkup

from infra.words import LANGUAGES, speaking

FOLDER = Path(__file__).parent / "snapshots"

Told = str | tuple[str, InlineKeyboardMarkup | None]
Messages = dict[str, Callable[[], Told]]


def features() -> list[str]:
    """Return every feature that has something to say."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def messages(feature: str) -> Messages:
    """Return what a feature says, by the occasion."""
    told: Messages = import_module(f"tests.bot.snapshots.{feature}").MESSAGES
    return told


def path(feature: str, language: str) -> Path:
    """Return where the text is kept."""
    return FOLDER / f"{feature}.{language}.txt"


def told(feature: str, language: str) -> dict[str, Told]:
    """Return every message of a feature as it is said in a language."""
    with speaking(language):
        return {occasion: say() for occasion, say in messages(feature).items()}


def text(feature: str, language: str) -> str:
    """Return the snapshot: occasion, message, and its buttons row by row."""
    return "\n\n".join(f"## {occasion}\n{drawn(one)}" for occasion, one in told(feature, language).items()) + "\n"


def drawn(one: Told) -> str:
    """Return a message as people see it: its text, and its buttons row by row."""
    if isinstance(one, str):
        return one
    said, keyboard = one
    rows = keyboard.inline_keyboard if keyboard else []
    return "\n".join([said, *(" ".join(f"[{button.text}]" for button in row) for row in rows)])


def main() -> int:
    """Write every snapshot anew, for a person to read what has changed."""
    for feature in features():
        for language in LANGUAGES:
            path(feature, language).write_text(text(feature, language), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
