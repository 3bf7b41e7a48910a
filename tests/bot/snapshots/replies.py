"""What clients read without having asked the bot."""

from datetime import UTC, date, datetime

from bot.messages import replies
from bot.messages.replies import Holiday, Opening, Receipt
from tests.bot.snapshot import Messages

SATURDAY = datetime(2026, 4, 11, 9, 0, tzinfo=UTC)
OPENS = datetime(2026, 4, 13, 6, 0, tzinfo=UTC)
NEW_YEAR = Holiday(name="New Year", first=date(2027, 1, 1), last=date(2027, 1, 8))
RECEIPT = Receipt(style="text", number=127, asked_at=SATURDAY, timezone="Europe/Moscow")


def _closed(opens: datetime, now: datetime, holiday: Holiday | None = None, number: int | None = None) -> str:
    return replies.off_hours(Opening(opens_at=opens, timezone="Europe/Moscow", holiday=holiday, number=number), now)


MESSAGES: Messages = {
    "on a Saturday": lambda: _closed(OPENS, SATURDAY),
    "before opening": lambda: _closed(OPENS, datetime(2026, 4, 13, 5, 0, tzinfo=UTC)),
    "in a holiday": lambda: _closed(
        datetime(2027, 1, 11, 6, 0, tzinfo=UTC), datetime(2026, 12, 31, 18, 0, tzinfo=UTC), NEW_YEAR
    ),
    "where receipts are wanted": lambda: _closed(OPENS, SATURDAY, number=127),
    "a receipt": lambda: replies.received(RECEIPT),
}
