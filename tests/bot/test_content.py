"""Names, texts and kinds: what Telegram sends, in the form that the database stores."""

from typing import Any

import pytest

from bot.content import clean_name, emoji_of, kind_and_file, storable


@pytest.mark.parametrize(
    ("message", "kind", "file_id"),
    [
        ({"text": "Где акт?"}, "text", None),
        ({"text": "/start"}, "command", None),
        ({"photo": [{"file_id": "S"}, {"file_id": "L"}], "caption": "Почему такая сумма???"}, "photo", "L"),
        ({"voice": {"file_id": "V"}}, "voice", "V"),
        ({"document": {"file_id": "D"}}, "document", "D"),
        ({"document": {"file_id": "D"}, "animation": {"file_id": "A"}}, "animation", "A"),
        ({"sticker": {"file_id": "S"}}, "sticker", "S"),
        ({"live_photo": {"file_id": "L"}, "photo": [{"file_id": "S"}]}, "live_photo", "L"),
        ({"location": {}, "venue": {}}, "venue", None),
        *(({kind: {}}, kind, None) for kind in "contact location poll dice story checklist game invoice".split()),
        ({"paid_media": {"star_count": 1}}, "paid_media", None),
        ({"rich_message": {"blocks": []}}, "rich_message", None),
        ({"new_chat_title": "Новое"}, "service", None),
        ({"migrate_to_chat_id": -100}, "service", None),
        ({"poll_option_added": {}}, "service", None),
        ({"something_new": {}}, "other", None),
    ],
)
def test_a13_each_content_has_its_kind_and_file(message: dict[str, Any], kind: str, file_id: str | None) -> None:
    assert kind_and_file(message) == (kind, file_id)


def test_a16_names_are_cleaned_and_shortened() -> None:
    assert clean_name("Ро\u202eмаш\u0000ка\u200b \u00a0 \t ООО") == "Ромашка ООО"
    assert clean_name(" ООО  Ромашка ") == "ООО Ромашка"
    assert len(clean_name("я" * 1000)) == 300
    assert clean_name(None) == ""


def test_text_keeps_what_postgres_can_keep() -> None:
    assert storable("a\x00b\ud800c") == "ab?c"
    assert storable("строка\nдве 👍🏽") == "строка\nдве 👍🏽"
    assert storable(5) is None


@pytest.mark.parametrize(
    ("reactions", "written"),
    [
        ([], None),
        ([{"type": "emoji", "emoji": "👍"}], "👍"),
        ([{"type": "emoji", "emoji": "❤️‍🔥"}, {"type": "paid"}], "❤️‍🔥 paid"),
        ([{"type": "custom_emoji", "custom_emoji_id": "5"}, {"type": "invented_later"}], "custom custom"),
        ([{"type": "emoji"}, 5, None], "custom"),
    ],
)
def test_reactions_are_one_short_text(reactions: list[Any], written: str | None) -> None:
    assert emoji_of(reactions) == written


def test_no_reaction_makes_a_long_text() -> None:
    assert len(emoji_of([{"type": "emoji", "emoji": "я" * 1000}] * 1000) or "") < 500
