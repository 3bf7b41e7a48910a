"""What one chat says in a week: questions by the hours of an office, answers at the pace of who answers.

The same dice say the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.classify import classify
from tests.world import ACCOUNTANT

MOSCOW = ZoneInfo("Europe/Moscow")
WEEK = timedelta(days=7)
OPENS, CLOSES = 9, 18
QUESTIONS = 13
CLIENTS = (2_000_001, 2_000_002)

# How often people ask on a weekday from Monday, and at an hour of the day; the rest is as rare as nights are.
_BY_WEEKDAY = (22, 20, 18, 18, 16, 4, 2)
_BY_HOUR = {9: 8, 10: 14, 11: 13, 12: 9, 13: 6, 14: 11, 15: 13, 16: 11, 17: 9, 18: 4, 19: 3, 20: 2, 21: 1, 8: 3, 7: 1}
_SUBJECTS = (
    *("акт сверки", "счёт-фактура", "платёжка по НДС", "справка о доходах", "декларация", "договор аренды"),
    *("отчёт в фонд", "расчёт отпускных", "требование из налоговой", "выписка", "накладная", "авансовый отчёт"),
)
_ASKING = (
    "Добрый день. Когда будет готов документ: {}? Контрагент ждёт и звонит уже второй раз",
    "Подскажите, пожалуйста, что с этим: {}",
    "{}: пришлите, пожалуйста, банк просит до вечера",
    "Сотрудник уходит в отпуск с понедельника, нужен {}. В какие сроки это подать?",
    "Где {}?",
)
_MORE = ("Это срочно?", "Контрагент: ООО «Вектор», период: третий квартал. Что ещё нужно?", "Фото ниже, посмотрите")
_THANKS = ("Спасибо", "Хорошо, принято", "Поняла, благодарю")
_ANSWERS = (
    "Добрый день, отправили на почту, посмотрите, пожалуйста",
    "Готово",
    "Пришлём до 16:00, проверяем реквизиты",
    "Нужны заявление и приказ, образцы приложила. Подать надо за три дня до начала.",
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Happening:
    """Something that Telegram would have brought, or that somebody pressed."""

    at: datetime
    chat: int
    record: Record | None
    """None: no answer is needed to whatever waits there."""


@dataclass
class Week:
    """A chat's week since `began`; `pace` is the median wait for an answer in minutes of work."""

    chat: int
    began: datetime
    pace: float
    first_message: int
    forgets: bool = False
    """Some of the latest questions are still open when the week ends; otherwise all are settled in it."""

    def __post_init__(self) -> None:
        self._dice = random.Random(self.chat * 7919 + self.first_message)

    def happenings(self) -> list[Happening]:
        """Return what happens, in order, with message ids in that order."""
        ends = self.began + WEEK
        found: list[Happening] = []
        for _ in range(QUESTIONS):
            asked = self._asked_at()
            said = sorted(self._conversation(asked), key=lambda one: one.at)
            if self.forgets:
                found += [one for one in said if one.at < ends]
            elif said[-1].at < ends - timedelta(minutes=30):
                found += said
        found.sort(key=lambda one: one.at)
        return [self._numbered(one, nth) for nth, one in enumerate(found)]

    def _conversation(self, asked: datetime) -> Iterator[Happening]:
        dice, client = self._dice, self._dice.choice(CLIENTS)
        subject = dice.choice(_SUBJECTS)
        yield self._said(asked, client, dice.choice(_ASKING).format(subject), is_file=dice.random() < 0.1)
        for nth in range(dice.randrange(3)):
            yield self._said(asked + timedelta(minutes=1 + 2 * nth), client, dice.choice(_MORE))
        if self.forgets and asked > self.began + WEEK - timedelta(days=2) and dice.random() < 0.4:
            return
        minutes = dice.lognormvariate(0, 0.9) * self.pace
        answered = _worked_on(asked, minutes)
        if minutes > 20 and dice.random() < 0.15:
            yield self._reacted(_worked_on(asked, minutes / 3))
        if dice.random() < 0.03:
            yield Happening(answered, self.chat, None)
            return
        for nth in range(1 + dice.randrange(4)):
            yield self._said(answered + timedelta(minutes=2 * nth), ACCOUNTANT, dice.choice(_ANSWERS))
        for nth in range(1 + dice.randrange(2)):
            yield self._said(answered + timedelta(minutes=11 + nth), client, dice.choice(_THANKS))
        for nth in range(1 + dice.randrange(4)):
            yield self._said(answered + timedelta(minutes=20 + 3 * nth), ACCOUNTANT, dice.choice(_ANSWERS))

    def _asked_at(self) -> datetime:
        """A moment of the week, weekdays and hours as people keep them."""
        while True:
            day = self.began + timedelta(days=self._dice.randrange(8))
            weekday = self._dice.choices(range(7), _BY_WEEKDAY)[0]
            hour = self._dice.choices([*_BY_HOUR], [*_BY_HOUR.values()])[0]
            local = day.astimezone(MOSCOW).replace(hour=hour, minute=self._dice.randrange(60), second=0, microsecond=0)
            if local.weekday() == weekday and self.began <= local < self.began + WEEK:
                return local.astimezone(UTC)

    def _said(self, at: datetime, by: int, text: str, *, is_file: bool = False) -> Happening:
        is_staff = by == ACCOUNTANT
        return self._brought(
            at,
            type="message",
            user_id=by,
            author_name="Ольга Петрова" if is_staff else ("Анна Клиентова", "Борис Заказчиков")[by - CLIENTS[0]],
            kind="document" if is_file else "text",
            text=None if is_file else text,
            caption=text if is_file else None,
            media_file_id=f"BQACAgIAAxkBAAI{self._dice.randrange(10**9)}" if is_file else None,
            classification=classify(text).kind if not is_file else "request",
        )

    def _reacted(self, at: datetime) -> Happening:
        return self._brought(at, type="reaction", user_id=ACCOUNTANT, author_name="Ольга Петрова", emoji="👌")

    def _brought(self, at: datetime, **fields: Any) -> Happening:
        common = {"chat_id": self.chat, "chat_type": "supergroup", "chat_name": "ООО Образец", "is_bot": False}
        return Happening(at, self.chat, {**common, "date": int(at.timestamp()), **fields})

    def _numbered(self, one: Happening, nth: int) -> Happening:
        if one.record is None:
            return one
        # A reaction is to what was said before it.
        number = self.first_message + nth - (one.record["type"] == "reaction")
        update = -self.chat * 1000 + self.first_message + nth
        return Happening(one.at, one.chat, {**one.record, "message_id": number, "update_id": update})


def _worked_on(since: datetime, minutes: float) -> datetime:
    """Return when somebody of the office has got to it, after so many minutes of the office's hours."""
    at, left = since.astimezone(MOSCOW), timedelta(minutes=minutes)
    while True:
        opens, closes = (at.replace(hour=hour, minute=0, second=0) for hour in (OPENS, CLOSES))
        start = max(at, opens)
        if at.weekday() < 5 and start + left <= closes:
            return (start + left).astimezone(UTC)
        if at.weekday() < 5 and start < closes:
            left -= closes - start
        at = opens.replace(hour=0) + timedelta(days=1)
