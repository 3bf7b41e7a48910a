"""What clients are told by itself."""

from datetime import UTC, date, datetime

from bot.messages import replies
from bot.messages.replies import Answer, Holiday, Opening, Receipt
from tests.bot.snapshot import Messages

NOW = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
OPENS_AT = datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
NEW_YEAR = Holiday(name="New Year", first=date(2027, 1, 1), last=date(2027, 1, 8))


def closed(now: datetime, holiday: Holiday | None = None) -> str:
    return replies.off_hours(Opening(opens_at=OPENS_AT, timezone="Europe/Moscow", holiday=holiday, number=127), now)


MESSAGES: Messages = {
    "closed in the evening": lambda: closed(OPENS_AT.replace(hour=1)),
    "closed at the weekend": lambda: closed(OPENS_AT.replace(day=8)),
    "closed for a holiday": lambda: closed(NOW, NEW_YEAR),
    "what somebody of the firm answers": lambda: replies.answer(Answer(text="Good day.\n<The act> is ready.")),
    "a receipt": lambda: replies.received(Receipt(style="text", number=127, asked_at=NOW, timezone="Europe/Moscow")),
}
