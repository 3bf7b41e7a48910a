"""Buttons carry a verb and a row that nobody else can make up, in 64 bytes, for as long as they hang in a chat."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import buttons
from bot.messages.buttons import (
    ABSENCE_SAVE,
    ABSENCE_WHO,
    ADOPT_FOR,
    GIVE_TO,
    OWNER,
    POLICY,
    TAKE,
    TEMPLATE_CHATS,
    TEMPLATE_PREVIEW,
    TEMPLATE_SEND,
    Buttons,
    Pressed,
)

ROW = UUID("7d9c4bb0-8c0f-4a39-9d52-f9aa2b1c0001")
BUTTONS = Buttons("123456:token")
# Of every feature.
VERBS = tuple(verb for name, verb in vars(buttons).items() if name.isupper() and isinstance(verb, str))

verbs = st.sampled_from(VERBS)
# What a choice of two rows is made with.
CHOICES = (
    ADOPT_FOR,
    GIVE_TO,
    OWNER,
    POLICY,
    TEMPLATE_CHATS,
    TEMPLATE_PREVIEW,
    TEMPLATE_SEND,
    ABSENCE_WHO,
    ABSENCE_SAVE,
)


@given(verbs, st.uuids())
def test_a_button_carries_its_verb_and_its_row_in_64_bytes(verb: str, row: UUID) -> None:
    packed = BUTTONS.pack(verb, row)
    assert BUTTONS.unpack(packed) == Pressed(verb, row)
    assert len(packed.encode()) <= 64


@given(st.sampled_from(CHOICES), st.uuids(), st.uuids())
def test_a_choice_carries_two_rows_in_64_bytes(verb: str, row: UUID, other: UUID) -> None:
    packed = BUTTONS.pack(verb, row, other)
    assert BUTTONS.unpack(packed) == Pressed(verb, row, other)
    assert len(packed.encode()) <= 64


def test_no_two_features_share_a_verb() -> None:
    assert len(set(VERBS)) == len(VERBS)


def test_a_button_of_months_ago_still_says_what_it_said() -> None:
    """As one hangs in somebody's chat: who changes how buttons are signed, or renames a verb, kills it."""
    assert BUTTONS.unpack("take:fZxLsIwPSjmdUvmqKxwAAQ:HFHKsIK3GDiA") == Pressed(TAKE, ROW)
    assert {"take", "no_answer_needed", "remind_30", "remind_60", "remind_opening"} <= {*VERBS}


@given(verbs, st.uuids(), st.data())
def test_a_button_with_another_letter_anywhere_is_none(verb: str, row: UUID, data: st.DataObject) -> None:
    packed = BUTTONS.pack(verb, row)
    place = data.draw(st.integers(0, len(packed) - 1))
    letter = data.draw(st.characters().filter(lambda one: one != packed[place]))
    assert BUTTONS.unpack(packed[:place] + letter + packed[place + 1 :]) is None


@given(st.none() | st.text(max_size=64))
def test_whatever_else_is_pressed_is_none(data: str | None) -> None:
    assert BUTTONS.unpack(data) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d[:-1],
        lambda d: d + "A",
        lambda d: d.replace("take", "remind_30"),
        lambda _: "",
        lambda _: "take:::",
        lambda _: "take:ы:ы",
    ],
)
def test_a_button_we_did_not_sign_is_none(change: Callable[[str], str]) -> None:
    assert BUTTONS.unpack(change(BUTTONS.pack(TAKE, ROW))) is None


def test_a_button_of_another_bot_is_none() -> None:
    assert Buttons("123456:other").unpack(BUTTONS.pack(TAKE, ROW)) is None
