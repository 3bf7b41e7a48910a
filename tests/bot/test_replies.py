"""Words that clients read without having asked the bot."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.messages import faq_answer
from bot.messages.replies import Holiday, Opening, Receipt, off_hours, received
from infra.local.telegram.texts import message_text
from tests.bot.told import ROW

MOSCOW = ZoneInfo("Europe/Moscow")
NEW_YEAR = Holiday(name="Новогодние каникулы", first=date(2027, 1, 1), last=date(2027, 1, 8))


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


def told(opens: str, now: str, holiday: Holiday | None = None, zone: str = "Europe/Moscow", **more: int) -> str:
    opening = Opening(opens_at=moscow(opens), timezone=zone, holiday=holiday, number=more.get("number"))
    return off_hours(opening, moscow(now))


@pytest.mark.parametrize(
    ("now", "opens", "promise"),
    [
        ("2026-04-07 07:30", "2026-04-07 09:00", "сегодня после 09:00"),
        ("2026-04-06 19:00", "2026-04-07 09:30", "завтра после 09:30"),
        ("2026-04-10 19:00", "2026-04-13 09:00", "в понедельник после 09:00"),
        ("2026-04-12 12:00", "2026-04-13 09:00", "завтра после 09:00"),
        ("2026-06-12 12:00", "2026-06-16 10:00", "во вторник после 10:00"),
        ("2026-12-30 19:00", "2027-01-11 09:00", "11 января после 09:00"),
        # A week ahead the weekday would be today's.
        ("2026-04-06 20:00", "2026-04-13 09:00", "13 апреля после 09:00"),
    ],
)
def test_the_reopening_is_named_as_people_say_it(now: str, opens: str, promise: str) -> None:
    assert told(opens, now) == f"Здравствуйте. Сейчас нерабочее время. Ответим {promise}."


def test_the_hour_is_that_of_the_chats_own_zone() -> None:
    assert told("2026-04-07 02:00", "2026-04-06 16:00", zone="Asia/Vladivostok") == (
        "Здравствуйте. Сейчас нерабочее время. Ответим завтра после 09:00."
    )


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2027-01-01", "2027-01-08", "с 1 по 8 января"),
        ("2026-12-31", "2027-01-08", "с 31 декабря по 8 января"),
        ("2026-06-12", "2026-06-12", "12 июня"),
    ],
)
def test_a_holiday_is_named(first: str, last: str, days: str) -> None:
    holiday = Holiday(name="Новогодние каникулы", first=date.fromisoformat(first), last=date.fromisoformat(last))
    assert told("2027-01-11 09:00", "2026-12-31 20:00", holiday) == (
        f"Здравствуйте. Сейчас нерабочее время: {days} — Новогодние каникулы. Ответим 11 января после 09:00."
    )


def test_a_holidays_name_is_no_markup() -> None:
    holiday = Holiday(name="<День> & ночь", first=date(2026, 6, 12), last=date(2026, 6, 12))
    assert "&lt;День&gt; &amp; ночь" in told("2026-06-15 09:00", "2026-06-12 12:00", holiday)


def test_who_wants_receipts_reads_the_number_there() -> None:
    assert told("2026-04-07 09:00", "2026-04-07 08:00", number=127).endswith(
        "сегодня после 09:00.\nНомер обращения: 127."
    )


def test_a14_a_receipt_says_the_hour_of_the_chat_and_the_number() -> None:
    receipt = Receipt(style="text", number=127, asked_at=moscow("2026-04-06 14:05"), timezone="Asia/Vladivostok")
    assert received(receipt) == "Приняли в 21:05.\nНомер обращения: 127."


def test_the_longest_answer_fits_one_message_whatever_it_is_made_of() -> None:
    """Telegram counts what is left once markup is read, in UTF-16."""
    offer = faq_answer.Offer(faq_answer=ROW, answer="🔥" * 4096)
    text, _ = message_text(faq_answer.offer(offer), "HTML", None)
    assert text.startswith("🔥")
