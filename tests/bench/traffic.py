"""What clients and staff write, as Telegram would bring it: many chats at once, six messages of ten from clients."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.bench.seed import HISTORY
from tests.world import ACCOUNTANT

CLIENT_SHARE = 0.6
# Telegram's seconds between two messages of one chat.
PACE = 30
_QUESTIONS = (
    "Добрый день. Когда будет готов акт сверки с ООО «Вектор» за третий квартал?",
    "Пришлите, пожалуйста, платёжку по НДС, банк просит до вечера",
    "Сотрудник уходит в отпуск с понедельника, что от нас нужно и в какие сроки это подать?",
    "Где счёт?",
    "Из налоговой пришло требование, фото ниже. Это срочно?",
)
_THANKS = ("Спасибо", "Хорошо, принято", "👍")
_ANSWERS = (
    "Добрый день, акт отправили на почту, посмотрите, пожалуйста",
    "Готово",
    "Платёжку пришлём до 16:00, проверяем реквизиты",
    "Нужны заявление и приказ, образцы приложила. Подать надо за три дня до начала.",
)

Update = dict[str, Any]


@dataclass
class Traffic:
    """An endless conversation in some chats. The same seed says the same; ids are never used twice."""

    chats: range
    began: int
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self._written = dict.fromkeys(self.chats, 0)
        self._number = (self.began % 10**7) * 10**6 + self.chats.start % 10**4 * 10**5

    def take(self, count: int) -> list[Update]:
        """Return the next updates in the order they were written."""
        return [self._next() for _ in range(count)]

    def _next(self) -> Update:
        self._number += 1
        number = self.dice.choice(self.chats)
        nth = self._written[number] = self._written[number] + 1
        by_client = self.dice.random() < CLIENT_SHARE
        message = {
            "message_id": HISTORY + nth,
            "date": self.began + PACE * nth,
            "chat": {"id": -number, "type": "supergroup", "title": title(number)},
            "from": _client(number) if by_client else _STAFF,
            **self._content(by_client=by_client),
        }
        if nth > 1 and self.dice.random() < 0.2:
            quoted = {key: message[key] for key in ("chat", "from", "date")}
            message["reply_to_message"] = {**quoted, "message_id": HISTORY + nth - 1, "text": "Где счёт?"}
        return {"update_id": self._number, "message": message}

    def _content(self, *, by_client: bool) -> Update:
        if not by_client:
            return {"text": self.dice.choice(_ANSWERS)}
        if self.dice.random() < 0.1:
            file = f"BQACAgIAAxkBAAI{self._number}"
            return {"document": {"file_id": file, "file_unique_id": file[-9:]}, "caption": self.dice.choice(_QUESTIONS)}
        return {"text": self.dice.choice(_THANKS if self.dice.random() < 0.15 else _QUESTIONS)}


_STAFF = {"id": ACCOUNTANT, "is_bot": False, "first_name": "Ольга", "last_name": "Петрова", "language_code": "ru"}


def title(number: int) -> str:
    """Return what a chat is called."""
    return f"ООО Нагрузка {number % 10_000}"


def _client(number: int) -> Update:
    return {
        "id": 5_000_000 + number % 10**6,
        "is_bot": False,
        "first_name": "Анна",
        "last_name": "Клиентова",
        "language_code": "ru",
    }


def bodies(updates: list[Update]) -> Iterator[bytes]:
    """Yield each update as Telegram sends it."""
    return (json.dumps(update, ensure_ascii=False).encode() for update in updates)
