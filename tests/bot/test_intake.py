"""From update to record: what Telegram sends, in the form that the database stores."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import clean_name, record_of, wants_answer

ANNA = {"id": 2001, "is_bot": False, "first_name": "Анна", "last_name": "Иванова"}
GROUP = {"id": -1001000000001, "type": "supergroup", "title": "ООО Ромашка"}


def message(**body: Any) -> dict[str, Any]:
    return {"update_id": 7, "message": {"message_id": 3, "date": 1775458800, "chat": GROUP, "from": ANNA, **body}}


def record(**body: Any) -> dict[str, Any]:
    found = record_of(message(**body))
    assert found
    return found


def test_a_text_becomes_one_flat_record() -> None:
    assert record(text="Где акт?") == {
        "update_id": 7,
        "chat_id": -1001000000001,
        "chat_type": "supergroup",
        "chat_name": "ООО Ромашка",
        "topic_id": None,
        "message_id": 3,
        "date": 1775458800,
        "user_id": 2001,
        "author_name": "Анна Иванова",
        "is_bot": False,
        "kind": "text",
        "text": "Где акт?",
        "caption": None,
        "media_file_id": None,
        "reply_to": None,
        "classification": "request",
    }


@pytest.mark.parametrize(
    ("body", "kind", "file_id"),
    [
        ({"text": "/start"}, "command", None),
        ({"photo": [{"file_id": "S"}, {"file_id": "L"}], "caption": "Почему такая сумма???"}, "photo", "L"),
        ({"voice": {"file_id": "V"}}, "voice", "V"),
        ({"document": {"file_id": "D"}}, "document", "D"),
        ({"document": {"file_id": "D"}, "animation": {"file_id": "A"}}, "animation", "A"),
        ({"sticker": {"file_id": "S"}}, "sticker", "S"),
        ({"contact": {"phone_number": "1"}}, "contact", None),
        ({"location": {}}, "location", None),
        ({"poll": {}}, "poll", None),
        ({"new_chat_title": "Новое"}, "service", None),
        ({"migrate_to_chat_id": -100}, "service", None),
        ({"something_new": {}}, "other", None),
    ],
)
def test_a13_each_content_has_its_kind_and_file(body: dict[str, Any], kind: str, file_id: str | None) -> None:
    found = record(**body)
    assert (found["kind"], found["media_file_id"]) == (kind, file_id)


def test_a_topic_is_one_only_in_a_forum() -> None:
    assert record(text="x", message_thread_id=5, is_topic_message=True)["topic_id"] == 5
    assert record(text="x", message_thread_id=5)["topic_id"] is None


def test_a_reply_names_what_it_answers() -> None:
    assert record(text="x", reply_to_message={"message_id": 2})["reply_to"] == 2


@pytest.mark.parametrize(
    "update", [{"update_id": 1}, {"update_id": 1, "callback_query": {}}, {"update_id": 1, "message": 5}]
)
def test_what_brings_no_message_has_no_record(update: dict[str, Any]) -> None:
    assert record_of(update) is None


def test_a16_names_are_cleaned_and_shortened() -> None:
    assert clean_name("Ро\u202eмаш\u0000ка\u200b \u00a0 \t ООО") == "Ромашка ООО"
    assert len(clean_name("я" * 1000)) == 300
    assert clean_name(None) == ""


def test_text_keeps_what_postgres_can_keep() -> None:
    assert record(text="a\x00b\ud800c")["text"] == "ab?c"
    assert record(text="строка\nдве 👍🏽")["text"] == "строка\nдве 👍🏽"


def test_the_bot_answers_commands_and_private_messages_only() -> None:
    assert wants_answer(record(text="/start"))
    assert wants_answer(record(text="Привет", chat={"id": 2001, "type": "private", "first_name": "Анна"}))
    assert not wants_answer(record(text="Привет"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "message_id",
    "date",
    "chat",
    "from",
    "text",
    "caption",
    "photo",
    "voice",
    "reply_to_message",
    "is_topic_message",
]


@given(body=st.dictionaries(st.sampled_from(FIELDS), json_values), update_id=json_values)
def test_no_update_however_odd_makes_it_raise(body: dict[str, Any], update_id: Any) -> None:
    record_of({"update_id": update_id, "message": body})
