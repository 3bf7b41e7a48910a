"""From update to record: what Telegram sends, in the form that `api.ingest` takes."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intake import UPDATES, kind_of, record_of, wants_answer

ANNA = {"id": 2001, "is_bot": False, "first_name": "Анна", "last_name": "Иванова", "username": "anna"}
GROUP = {"id": -1001000000001, "type": "supergroup", "title": "ООО Ромашка"}
PRIVATE = {"id": 2001, "type": "private", "first_name": "Анна"}
# Telegram shows these two in place of who speaks as the group, or as its channel.
GROUP_ANONYMOUS_BOT = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
CHANNEL = {"id": -1001000000009, "type": "channel", "title": "Новости бухгалтерии"}


def update(kind: str = "message", /, **body: Any) -> dict[str, Any]:
    return {"update_id": 7, kind: {"message_id": 3, "date": 1775458800, "chat": GROUP, "from": ANNA, **body}}


def record(kind: str = "message", /, **body: Any) -> dict[str, Any]:
    found = record_of(update(kind, **body))
    assert found
    return found


WRITTEN = {
    "type": "message",
    "update_id": 7,
    "chat_id": -1001000000001,
    "chat_type": "supergroup",
    "chat_name": "ООО Ромашка",
    "date": 1775458800,
    "user_id": 2001,
    "author_name": "Анна Иванова",
    "username": "anna",
    "is_bot": False,
    "on_behalf": False,
    "topic_id": None,
    "message_id": 3,
    "kind": "text",
    "text": "Где акт?",
    "caption": None,
    "media_file_id": None,
    "media_group_id": None,
    "reply_to": None,
    "reply_to_date": None,
    "reply_to_user_id": None,
    "reply_to_is_bot": None,
    "classification": "request",
    "migrated_to": None,
    "migrated_from": None,
}


def test_a_text_becomes_one_flat_record() -> None:
    assert record(text="Где акт?") == WRITTEN


def test_a6_an_edit_is_the_same_record_and_says_when() -> None:
    edited = record("edited_message", text="Где акт?", edit_date=1775458860)
    assert edited == {**WRITTEN, "type": "edit", "edited_at": 1775458860}


def test_a_live_location_that_moves_is_no_edit() -> None:
    assert record_of(update("edited_message", location={"live_period": 900}, edit_date=1775458860)) is None


def test_an_album_names_its_group() -> None:
    found = record(photo=[{"file_id": "L"}], media_group_id="131", caption="Акты")
    assert (found["media_group_id"], found["media_file_id"], found["caption"]) == ("131", "L", "Акты")


def test_a_topic_is_one_only_in_a_forum() -> None:
    assert record(text="x", message_thread_id=5, is_topic_message=True)["topic_id"] == 5
    assert record(text="x", message_thread_id=5)["topic_id"] is None


def answered(found: dict[str, Any]) -> list[Any]:
    return [found[name] for name in ("reply_to", "reply_to_date", "reply_to_user_id", "reply_to_is_bot")]


def test_a_reply_names_what_it_answers_and_what_that_was() -> None:
    question = {"message_id": 2, "date": 1775458000, "chat": GROUP, "from": ANNA}
    assert answered(record(text="x", reply_to_message=question)) == [2, 1775458000, 2001, False]


@pytest.mark.parametrize("voice", [{"from": GROUP_ANONYMOUS_BOT}, {"from": TELEGRAM, "is_automatic_forward": True}])
def test_what_the_group_said_is_nobodys_question(voice: dict[str, Any]) -> None:
    assert record(text="x", reply_to_message={"message_id": 2, **voice})["reply_to_is_bot"] is True


def test_a_pointer_to_the_start_of_a_topic_is_no_reply() -> None:
    start = {"message_id": 5, "forum_topic_created": {}}
    topic = {"message_thread_id": 5, "is_topic_message": True}
    assert answered(record(text="x", reply_to_message=start, **topic)) == [None] * 4
    assert record(text="x", reply_to_message={"message_id": 6}, **topic)["reply_to"] == 6
    # In a group without topics a thread begins with what was answered.
    assert record(text="x", reply_to_message={"message_id": 5}, message_thread_id=5)["reply_to"] == 5


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"from": GROUP_ANONYMOUS_BOT, "sender_chat": GROUP}, "ООО Ромашка"),
        ({"from": GROUP_ANONYMOUS_BOT, "sender_chat": GROUP, "author_signature": "Ольга"}, "Ольга"),
        ({"from": TELEGRAM, "sender_chat": CHANNEL, "is_automatic_forward": True}, "Новости бухгалтерии"),
        ({"from": {"id": 136817688, "is_bot": True}, "sender_chat": CHANNEL}, "Новости бухгалтерии"),
    ],
)
def test_b4_who_speaks_for_the_group_is_no_bot_and_bears_its_name(body: dict[str, Any], name: str) -> None:
    found = record(text="x", **body)
    assert [found[key] for key in ("on_behalf", "is_bot", "author_name", "username")] == [True, False, name, None]


def test_another_bot_speaks_for_itself() -> None:
    found = record(text="x", **{"from": {"id": 5, "is_bot": True, "first_name": "Робот", "username": "robot"}})
    assert [found[key] for key in ("on_behalf", "is_bot", "author_name")] == [False, True, "Робот"]


def test_a_migration_names_the_other_side() -> None:
    before, after = record(migrate_to_chat_id=-100200), record(migrate_from_chat_id=-200)
    assert (before["kind"], before["migrated_to"], before["migrated_from"]) == ("service", -100200, None)
    assert (after["kind"], after["migrated_to"], after["migrated_from"]) == ("service", None, -200)


def reaction(**body: Any) -> dict[str, Any]:
    event = {"message_id": 3, "date": 1775458800, "chat": GROUP, "old_reaction": [], "new_reaction": []}
    return {"update_id": 7, "message_reaction": {**event, **body}}


REACTED = {
    "type": "reaction",
    "update_id": 7,
    "chat_id": -1001000000001,
    "chat_type": "supergroup",
    "chat_name": "ООО Ромашка",
    "date": 1775458800,
    "user_id": 2001,
    "author_name": "Анна Иванова",
    "is_bot": False,
    "on_behalf": False,
    "message_id": 3,
}


def test_s5_a_reaction_says_who_and_which() -> None:
    thumb = [{"type": "emoji", "emoji": "👍"}]
    assert record_of(reaction(user=ANNA, new_reaction=thumb)) == {**REACTED, "emoji": "👍"}
    assert record_of(reaction(user=ANNA, old_reaction=thumb)) == {**REACTED, "emoji": None}


def test_b4_a_reaction_of_the_group_is_on_its_behalf() -> None:
    found = record_of(reaction(actor_chat=GROUP, new_reaction=[{"type": "paid"}]))
    assert found == {
        **REACTED,
        "user_id": None,
        "author_name": "ООО Ромашка",
        "on_behalf": True,
        "emoji": "paid",
    }


@pytest.mark.parametrize(
    ("member", "status"),
    [
        ({"status": "member"}, "member"),
        ({"status": "administrator"}, "administrator"),
        ({"status": "kicked", "until_date": 0}, "kicked"),
        ({"status": "restricted", "is_member": True}, "restricted"),
        ({"status": "restricted", "is_member": False}, "left"),
    ],
)
def test_what_became_of_the_bot_in_a_chat(member: dict[str, Any], status: str) -> None:
    found = record("my_chat_member", new_chat_member=member)
    assert [found[key] for key in ("type", "status", "user_id")] == ["membership", status, 2001]


def test_a_person_who_blocks_the_bot_is_recorded_and_not_answered() -> None:
    found = record("my_chat_member", chat=PRIVATE, new_chat_member={"status": "kicked"})
    assert (found["chat_type"], found["chat_id"], found["chat_name"]) == ("private", 2001, "Анна")
    assert not wants_answer(found)


@pytest.mark.parametrize(
    "odd",
    [
        {"update_id": 1},
        {"update_id": 1, "callback_query": {}},
        {"update_id": 1, "message": 5},
        {"update_id": 1, "hologram": {}},
        {"update_id": 1, "message_reaction": {"new_reaction": 5}},
    ],
)
def test_what_means_nothing_to_the_database_has_no_record(odd: dict[str, Any]) -> None:
    assert record_of(odd) is None


def test_the_bot_answers_commands_and_private_messages_only() -> None:
    assert wants_answer(record(text="/start"))
    assert wants_answer(record(text="Привет", chat=PRIVATE))
    assert not wants_answer(record(text="Привет"))
    assert not wants_answer(record("edited_message", text="/start", chat=PRIVATE))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


def part(**known: Any) -> st.SearchStrategy[Any]:
    """An object of Telegram's with some fields right, some odd and some missing; or something else altogether."""
    fields = {name: st.just(value) | json_values for name, value in known.items()}
    return st.fixed_dictionaries({}, optional=fields) | json_values


words = json_values | st.text(max_size=5)
FIELDS = {
    **dict.fromkeys(("from", "user"), part(**ANNA)),
    **dict.fromkeys(("chat", "sender_chat", "actor_chat"), part(**GROUP)),
    **dict.fromkeys(("text", "caption", "author_signature", "media_group_id"), words),
    **dict.fromkeys(("message_id", "date", "edit_date", "message_thread_id", "migrate_to_chat_id"), json_values),
    **dict.fromkeys(("is_topic_message", "is_automatic_forward"), st.just(value=True) | json_values),
    **dict.fromkeys(("voice", "location"), part(file_id="V")),
    "photo": st.lists(part(file_id="P"), max_size=2),
    "reply_to_message": part(message_id=2, date=1775458800, chat=GROUP, **{"from": ANNA}),
    "new_chat_member": part(status="restricted", is_member=False),
    "new_reaction": st.lists(part(type="emoji", emoji="👍"), max_size=2),
}
fields = st.sampled_from(sorted(FIELDS)).flatmap(lambda name: st.tuples(st.just(name), FIELDS[name]))
events = st.lists(fields, max_size=8).map(dict)


@given(kind=st.sampled_from(UPDATES), event=events, update_id=json_values)
def test_no_update_however_odd_makes_it_raise(kind: str, event: dict[str, Any], update_id: Any) -> None:
    found = record_of({"update_id": update_id, kind: event})
    # What is written down is flat, and can be sent.
    assert not any(isinstance(value, (dict, list)) for value in (found or {}).values())
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


@given(kind=st.sampled_from(UPDATES), field=st.sampled_from(sorted(FIELDS)))
def test_values_nested_as_deep_as_json_goes_do_not_travel(kind: str, field: str) -> None:
    deep = msgspec.json.decode(b"[" * 900 + b"]" * 900)
    found = record_of(update(kind, **{field: deep, "sender_chat": {"id": deep}}))
    json.dumps(found)


@given(update=st.dictionaries(st.sampled_from((*UPDATES, "update_id", "hologram")), json_values))
def test_every_update_is_of_one_kind(update: dict[str, Any]) -> None:
    assert kind_of(update) in {*UPDATES, "unknown"}
