"""From update to aside: who is in a chat, whose words a message holds, business talk, in the form SQL takes."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asides import asides_of
from bot.intake import UPDATES, record_of
from tests.bot.test_intake import ANNA, CHANNEL, FIELDS, GROUP, events, json_values, part, update

BORIS = {"id": 2002, "is_bot": False, "first_name": "Бо\u202eрис"}
HELD = {"type": "source", "update_id": 7, "chat_id": GROUP["id"], "message_id": 3, "date": 1775458800}
NOWHERE: dict[str, Any] = {"forwarded_from": None, "forwarded_from_id": None, "forwarded_at": None, "quote": None}
STANDING = {
    "type": "member",
    "update_id": 7,
    "chat_id": GROUP["id"],
    "chat_type": "supergroup",
    "chat_name": "ООО Ромашка",
    "date": 1775458800,
    "user_id": 2002,
    "author_name": "Борис",
    "username": None,
    "is_bot": False,
}


@pytest.mark.parametrize(
    ("member", "status"),
    [
        ({"status": "administrator"}, "administrator"),
        ({"status": "kicked", "until_date": 0}, "kicked"),
        ({"status": "restricted", "is_member": True}, "restricted"),
        ({"status": "restricted", "is_member": False}, "left"),
        ({}, "unknown"),
    ],
)
def test_what_became_of_a_member(member: dict[str, Any], status: str) -> None:
    found = asides_of(update("chat_member", new_chat_member={"user": BORIS, **member}))
    assert found == [{**STANDING, "status": status}]


def test_a_service_message_says_who_joined_and_who_left() -> None:
    joined = asides_of(update(new_chat_members=[BORIS, ANNA, 5]))
    assert joined == [
        {**STANDING, "status": None},
        {**STANDING, "user_id": 2001, "author_name": "Анна Иванова", "username": "anna", "status": None},
    ]
    assert asides_of(update(left_chat_member=BORIS)) == [{**STANDING, "status": "left"}]


@pytest.mark.parametrize(
    ("origin", "name", "number"),
    [
        ({"type": "user", "sender_user": ANNA}, "Анна Иванова", 2001),
        ({"type": "hidden_user", "sender_user_name": "Кто\u200b-то"}, "Кто-то", None),
        ({"type": "chat", "sender_chat": GROUP}, "ООО Ромашка", GROUP["id"]),
        ({"type": "channel", "chat": CHANNEL, "message_id": 5}, "Новости бухгалтерии", CHANNEL["id"]),
    ],
)
def test_a_forward_names_who_wrote_it_first(origin: dict[str, Any], name: str, number: int | None) -> None:
    source = {"forwarded_from": name, "forwarded_from_id": number, "forwarded_at": 1775450000}
    forwarded = update(text="Акт", forward_origin={**origin, "date": 1775450000})
    assert asides_of(forwarded) == [{**HELD, **NOWHERE, **source}]
    # Whoever brings another's words asks about them.
    assert (record_of(forwarded) or {})["user_id"] == ANNA["id"]


def test_a_quote_is_kept_as_it_was_chosen() -> None:
    quoting = update(text="Почему?", quote={"text": "5 000\x00 руб.", "position": 3})
    assert asides_of(quoting) == [{**HELD, **NOWHERE, "quote": "5 000 руб."}]


TALK: dict[str, Any] = {"type": "business", "update_id": 7, "connection_id": "C1"}


@pytest.mark.parametrize(("is_enabled", "event"), [(True, "connected"), (False, "disconnected")])
def test_a_business_connection_says_whose_it_is(*, is_enabled: bool, event: str) -> None:
    connection = {"id": "C1", "user": ANNA, "user_chat_id": 2001, "date": 1775458800, "is_enabled": is_enabled}
    assert asides_of({"update_id": 7, "business_connection": connection}) == [
        {**TALK, "event": event, "chat_id": 2001, "user_id": 2001, "author_name": "Анна Иванова", "date": 1775458800}
    ]


@pytest.mark.parametrize(
    ("kind", "more", "event", "date"),
    [
        ("business_message", {}, "said", 1775458800),
        ("edited_business_message", {"edit_date": 1775458860}, "edited", 1775458860),
    ],
)
def test_business_talk_is_no_message_of_a_chat(kind: str, more: dict[str, Any], event: str, date: int) -> None:
    private = {"id": 2002, "type": "private", "first_name": "Борис"}
    said = update(kind, chat=private, business_connection_id="C1", caption="Акт", document={"file_id": "D"}, **more)
    assert record_of(said) is None
    assert asides_of(said) == [
        {
            **TALK,
            "event": event,
            "chat_id": 2002,
            "user_id": 2001,
            "author_name": "Анна Иванова",
            "message_id": 3,
            "kind": "document",
            "text": None,
            "caption": "Акт",
            "media_file_id": "D",
            "date": date,
        }
    ]


def test_deleted_business_messages_are_named_by_number() -> None:
    deletion = {"business_connection_id": "C1", "chat": {"id": 2002, "type": "private"}, "message_ids": [3, 4]}
    assert asides_of({"update_id": 7, "deleted_business_messages": deletion}) == [
        {**TALK, "event": "deleted", "chat_id": 2002, "message_ids": [3, 4]}
    ]


@pytest.mark.parametrize("kind", ["edited_message", "callback_query", "message_reaction", "my_chat_member"])
def test_other_updates_have_nothing_beside(kind: str) -> None:
    assert asides_of(update(kind, text="x", forward_origin={"sender_user": ANNA}, new_chat_members=[BORIS])) == []


MORE = {
    **FIELDS,
    "user": part(**ANNA),
    "new_chat_member": part(status="kicked", user=ANNA),
    "new_chat_members": st.lists(part(**ANNA), max_size=3) | json_values,
    "left_chat_member": part(**ANNA),
    "forward_origin": part(date=1775458800, sender_user=ANNA, sender_user_name="x", sender_chat=GROUP, chat=CHANNEL),
    "quote": part(text="x"),
    **dict.fromkeys(("id", "business_connection_id", "user_chat_id", "is_enabled"), json_values),
    "message_ids": st.lists(json_values, max_size=3) | json_values,
}
odd_events = st.lists(
    st.sampled_from(sorted(MORE)).flatmap(lambda name: st.tuples(st.just(name), MORE[name])), max_size=8
).map(dict)


def can_be_sent(aside: dict[str, Any]) -> None:
    for value in aside.values():
        assert not isinstance(value, dict)
        assert not isinstance(value, list) or not any(isinstance(one, (dict, list)) for one in value)
    json.dumps(aside, ensure_ascii=False, allow_nan=False).encode()


@given(kind=st.sampled_from(UPDATES), event=events | odd_events, update_id=json_values)
def test_no_update_however_odd_makes_it_raise(kind: str, event: dict[str, Any], update_id: Any) -> None:
    for aside in asides_of({"update_id": update_id, kind: event}):
        can_be_sent(aside)


@given(kind=st.sampled_from(UPDATES), field=st.sampled_from(sorted(MORE)))
def test_values_nested_as_deep_as_json_goes_do_not_travel(kind: str, field: str) -> None:
    deep = msgspec.json.decode(b"[" * 900 + b"]" * 900)
    for aside in asides_of(update(kind, **{field: deep, "new_chat_members": [{"id": deep}]})):
        can_be_sent(aside)
