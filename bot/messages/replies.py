"""What the bot says to clients by itself: when somebody will be there again, and that a question has arrived."""

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.messages.quoting import TITLE, quoted, verbatim
from bot.messages.times import calendar_days, clock, day
from infra.words import _

SEEN = "👀"


class Place(BaseModel):
    """Where in a client's chat the bot speaks: in a forum topic, in answer to a message."""

    # Hidden: an error goes to the log, and what it would quote is somebody's words.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    topic_id: int | None = None
    message_id: int | None = None


class Holiday(BaseModel):
    """Why the firm is closed, and from which day to which."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    first: date
    last: date


class Opening(Place):
    """When the firm opens again."""

    opens_at: datetime
    timezone: str
    holiday: Holiday | None
    number: int | None


class Answer(Place):
    """What a person of the firm answers through the bot."""

    text: str


class Receipt(Place):
    """A question that has arrived, and how its chat wants to be shown that."""

    style: Literal["reaction", "text"]
    number: int | None
    asked_at: datetime
    timezone: str


def answer(given: Answer) -> str:
    """Return what the client reads: the person's words, and nothing of ours."""
    return verbatim(given.text)


def off_hours(opening: Opening, now: datetime) -> str:
    """Return what a client reads who asks while nobody is there."""
    zone = ZoneInfo(opening.timezone)
    today = now.astimezone(zone).date()
    promise = _("Здравствуйте. Сейчас нерабочее время{why}. Ответим {day} после {time}.").format(
        why=_why(opening.holiday, today),
        day=day(opening.opens_at.astimezone(zone).date(), today),
        time=clock(opening.opens_at, opening.timezone),
    )
    return "\n".join([promise, *_number(opening.number)])


def received(receipt: Receipt) -> str:
    """Return the receipt in words."""
    hour = clock(receipt.asked_at, receipt.timezone)
    return "\n".join([_("Приняли в {time}.").format(time=hour), *_number(receipt.number)])


def _why(holiday: Holiday | None, today: date) -> str:
    if holiday is None:
        return ""
    days = calendar_days(holiday.first, holiday.last, today)
    return _(": {days} — {name}").format(days=days, name=quoted(holiday.name, TITLE))


def _number(number: int | None) -> list[str]:
    return [] if number is None else [_("Номер обращения: {number}.").format(number=number)]
