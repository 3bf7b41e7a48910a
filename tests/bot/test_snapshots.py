"""Every message, in every language, is what somebody has read and found good."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import catalogue
from infra.local.telegram.texts import message_text
from infra.words import LANGUAGES
from tests.bot import snapshot
from tests.stack import ROOT

FEATURES = snapshot.features()
# Parts of what others say.
NO_MESSAGES = {"__init__", "buttons", "choices", "paging", "quoting", "windows"}
# What any handler may have to say: `bot.errors`.
OF_ALL = {"refusals"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("feature", FEATURES)
def test_a_message_reads_as_it_was_approved(feature: str, language: str) -> None:
    """Where it should read otherwise now: `python -m tests.bot.snapshot`, and read what it wrote."""
    assert snapshot.text(feature, language) == snapshot.path(feature, language).read_text(encoding="utf-8")


@pytest.mark.parametrize("feature", FEATURES)
def test_english_has_no_russian_in_it(feature: str) -> None:
    """But for the button of that language, which names itself."""
    assert not re.search("[А-Яа-яЁё]", snapshot.text(feature, "en").replace("[Русский]", ""))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("feature", FEATURES)
def test_telegram_takes_every_message(feature: str, language: str) -> None:
    """Its markup is well-formed, and 4096 UTF-16 units are enough."""
    for one in snapshot.told(feature, language).values():
        text, _ = message_text(one if isinstance(one, str) else one[0], "HTML", None)
        assert text


def test_every_feature_that_says_something_has_a_snapshot() -> None:
    speaking = {path.stem for path in (ROOT / "bot" / "messages").glob("*.py")}
    assert speaking - NO_MESSAGES | OF_ALL == set(FEATURES)


def test_every_text_of_a_message_was_read_by_somebody() -> None:
    """A text that no snapshot shows is one that nobody has seen in its place."""
    shown = "\n".join(snapshot.text(feature, "ru") for feature in FEATURES)
    assert [text for text in _texts_of_messages() if not _shape(text).search(shown)] == []


def test_no_snapshot_is_left_of_a_feature_that_is_gone() -> None:
    kept = {path.name for path in snapshot.FOLDER.glob("*.txt")}
    assert kept == {snapshot.path(feature, language).name for feature in FEATURES for language in LANGUAGES}


def _texts_of_messages() -> Iterator[str]:
    for message in catalogue.said(ROOT):
        if any(Path(place).is_relative_to("bot") for place, _ in message.locations):
            yield from [message.id] if isinstance(message.id, str) else message.id


def _shape(text: str) -> re.Pattern[str]:
    """Return what finds a text whatever its fields are."""
    return re.compile(".+?".join(map(re.escape, re.split(r"\{[^{}]*\}", text))), re.DOTALL)
