"""Buttons carry a verb and a row that nobody else can make up."""

from typing import Any
from uuid import UUID

import pytest

from bot.messages.buttons import (
    ABSENCE_SAVE,
    ABSENCE_WHO,
    ADOPT_FOR,
    ALERT_VERBS,
    CHAT_VERBS,
    GIVE_TO,
    INVITATION_VERBS,
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
OTHER = UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")
BUTTONS = Buttons("123456:token")
STAFF_VERBS = (TEMPLATE_CHATS, TEMPLATE_PREVIEW, TEMPLATE_SEND, ABSENCE_WHO, ABSENCE_SAVE)


@pytest.mark.parametrize("verb", [*ALERT_VERBS, *CHAT_VERBS, *INVITATION_VERBS])
def test_a_button_carries_its_verb_and_its_row_in_64_bytes(verb: str) -> None:
    packed = BUTTONS.pack(verb, ROW)
    assert BUTTONS.unpack(packed) == Pressed(verb, ROW)
    assert len(packed.encode()) <= 64


@pytest.mark.parametrize("verb", [ADOPT_FOR, GIVE_TO, OWNER, POLICY, *STAFF_VERBS])
def test_a_choice_carries_two_rows_in_64_bytes(verb: str) -> None:
    packed = BUTTONS.pack(verb, ROW, OTHER)
    assert BUTTONS.unpack(packed) == Pressed(verb, ROW, OTHER)
    assert len(packed.encode()) <= 64


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
def test_a_button_we_did_not_sign_is_none(change: Any) -> None:
    assert BUTTONS.unpack(change(BUTTONS.pack(TAKE, ROW))) is None


def test_a_button_of_another_bot_is_none() -> None:
    assert Buttons("123456:other").unpack(BUTTONS.pack(TAKE, ROW)) is None
