"""Words of a survey: what clients are asked, who will see what they answer, and what a press did."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages.buttons import RATINGS, UNRATE, Buttons
from bot.messages.quoting import TITLE, quoted
from bot.messages.replies import Place
from bot.messages.times import calendar_date, calendar_days, clock
from infra.words import N_, _, number


class Survey(Place):
    """A survey as one chat or one person gets it."""

    kind: Literal["campaign", "after_answer"]
    delivery: UUID
    starts_on: date
    ends_on: date
    closes_at: datetime
    timezone: str
    firm_name: str | None
    chat_name: str
    is_reminder: bool
    number: int | None


class Vote(BaseModel):
    """What a press did, as `api.vote` returns it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    outcome: Literal["voted", "changed", "same", "withdrawn", "nothing"]
    rating: int | None
    may_comment: bool

    @property
    def invites(self) -> bool:
        """Assert that ten minutes for a comment begin with it."""
        return self.may_comment and self.outcome in {"voted", "changed"}


_OUTCOMES = {
    "voted": N_("Спасибо, ваша оценка — {n}."),
    "changed": N_("Оценка изменена, теперь {n}."),
    "same": N_("Ваша оценка — {n}, она уже учтена."),
    "withdrawn": N_("Ваша оценка отозвана."),
    "nothing": N_("Вашей оценки здесь нет."),
}


def survey(facts: Survey, now: datetime, *, is_private: bool) -> str:
    """Return the question, how to answer it, and truthfully who will see the answer.

    In private it says of which chat it asks: somebody may be a client in several.
    """
    zone = ZoneInfo(facts.timezone)
    today = now.astimezone(zone).date()
    closes_on = calendar_date(facts.closes_at.astimezone(zone).date(), today)
    return "\n".join(
        [
            f"⭐ <b>{_question(facts, today)}</b>",
            *([_("Чат: {chat}").format(chat=quoted(facts.chat_name, TITLE))] if is_private else []),
            *([_("Напоминаем: опрос ещё идёт.")] if facts.is_reminder else []),
            _("Нажмите на оценку: 1 — плохо, 5 — отлично."),
            _("Ответ на это сообщение — пояснение к оценке. Вопросы пишите отдельно: на них ответят."),
            "",
            _("В чате оценку не видно. С вашим именем её увидят руководитель, менеджеры и администратор фирмы."),
            _("Бухгалтер увидит только общие цифры, после опроса и если оценили трое или больше."),
            "",
            _("Изменить или отозвать оценку можно до {date}, {time}.").format(
                date=closes_on, time=clock(facts.closes_at, facts.timezone)
            ),
        ]
    )


def keyboard(facts: Survey, buttons: Buttons) -> InlineKeyboardMarkup:
    """Return the stars, the same for everybody and for ever: a keyboard that changed would show how others voted."""
    stars = {verb: f"{rating} ⭐" for verb, rating in RATINGS.items() if rating}
    rows = [[*stars.items()], [(UNRATE, _("Отозвать оценку"))]]
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, facts.delivery)) for verb, text in row]
            for row in rows
        ]
    )


def voted(vote: Vote, *, is_private: bool) -> str:
    """Return what the presser alone reads: plain text of at most 200 characters."""
    told = _(_OUTCOMES[vote.outcome]).format(n=number(vote.rating or 0))
    if not vote.invites:
        return told
    if is_private:
        return told + " " + _("Пояснить её можно здесь, одним сообщением в течение десяти минут.")
    return told + " " + _("Пояснить её можно мне в личные сообщения в течение десяти минут.")


def commented() -> str:
    """Return what is said to somebody who explained a vote."""
    return _("Спасибо, комментарий добавлен к вашей оценке.")


def _question(facts: Survey, today: date) -> str:
    if facts.kind == "campaign":
        days = calendar_days(facts.starts_on, facts.ends_on, today)
        if not facts.firm_name:
            return _("Как мы работали {days}?").format(days=days)
        return _("Как работала для вас фирма «{firm}» {days}?").format(firm=quoted(facts.firm_name, TITLE), days=days)
    if facts.number is None:
        return _("Как вам наш последний ответ?")
    return _("Как вам наш ответ на обращение № {number}?").format(number=facts.number)
