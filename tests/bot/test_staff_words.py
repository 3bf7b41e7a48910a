"""What people of the firm write to the bot, understood; and the longest that they get."""

from datetime import date
from uuid import UUID

import pytest

from bot.messages import absence, notifications, template
from bot.messages.absence import Colleague, Colleagues
from bot.messages.buttons import Pressed
from bot.messages.template import Preview
from infra.local.telegram.texts import message_text
from tests.bot.told import BUTTONS, ROW

TODAY = date(2026, 4, 6)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("24.12 – 31.12", (date(2026, 12, 24), date(2026, 12, 31))),
        ("24.12-31.12", (date(2026, 12, 24), date(2026, 12, 31))),
        ("с 7.4 по 9.4", (date(2026, 4, 7), date(2026, 4, 9))),
        ("06.04", (TODAY, TODAY)),
        ("5.4", (date(2027, 4, 5), date(2027, 4, 5))),
        ("28.12 8.01", (date(2026, 12, 28), date(2027, 1, 8))),
        ("1.05.2027 - 3.05.2027", (date(2027, 5, 1), date(2027, 5, 3))),
        ("29.02.2028", (date(2028, 2, 29), date(2028, 2, 29))),
        ("31.02", None),
        ("32.01 - 33.01", None),
        ("завтра", None),
        ("24.12 – 31.12 – 5.01", None),
        ("", None),
    ],
)
def test_days_are_understood_as_people_write_them(text: str, days: tuple[date, date] | None) -> None:
    assert absence.days(text, TODAY) == days


def test_days_travel_in_a_button() -> None:
    days = (date(2026, 12, 24), date(2027, 1, 8))
    who = Colleagues(page=0, pages=1, people=[Colleague(id=ROW, full_name="Иван")])
    _, keyboard = absence.who(days, who, TODAY, BUTTONS)
    assert keyboard
    pressed = BUTTONS.unpack(keyboard.inline_keyboard[0][0].callback_data)
    assert isinstance(pressed, Pressed)
    assert (pressed.row, absence.unpacked(pressed.other or UUID(int=0))) == (ROW, days)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("21:30-08:30", ("21:30", "08:30")),
        ("9:00 – 10:00", ("09:00", "10:00")),
        ("24:00-08:00", None),
        ("21:60-08:00", None),
        ("ночью", None),
    ],
)
def test_hours_are_understood_as_people_write_them(text: str, hours: tuple[str, str] | None) -> None:
    assert notifications.hours(text) == hours


def test_a_button_of_a_kind_nobody_knows_any_more_names_none() -> None:
    assert notifications.kind(99) is None


@pytest.mark.parametrize("text", ["&" * 4096, "😀" * 4096])
def test_the_longest_preview_is_one_message(text: str) -> None:
    shown = Preview(template=ROW, chat=UUID(int=1), title="Т" * 200, chat_name="Ч" * 300, text=text)
    said, _ = template.preview(shown, BUTTONS)
    assert message_text(said, "HTML", None)[0].endswith("…")
