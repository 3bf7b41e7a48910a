"""`/requests`: who waits for an answer, least working time left first."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect, Template
from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from admin.next_page import HOME
from admin.people import SignedIn
from admin.rendering import is_fragment
from admin.times import Wall, countdown
from infra.supabase import Unavailable

State = Literal["waiting", "at_risk", "overdue"]

STATE_WORDS: dict[State, str] = {"overdue": "Просрочено", "at_risk": "Скоро срок", "waiting": "Ждёт"}
COUNTER_WORDS: dict[State, str] = {"overdue": "Просрочено", "at_risk": "Скоро срок", "waiting": "Ждут"}
KIND_WORDS = {
    "photo": "Фото",
    "video": "Видео",
    "video_note": "Видеосообщение",
    "voice": "Голосовое сообщение",
    "audio": "Аудио",
    "document": "Файл",
    "sticker": "Стикер",
    "location": "Место на карте",
    "contact": "Контакт",
    "animation": "Анимация",
    "poll": "Опрос",
    "live_photo": "Живое фото",
    "paid_media": "Платное вложение",
    "venue": "Место на карте",
    "dice": "Игральная кость",
    "story": "История",
    "checklist": "Список дел",
    "game": "Игра",
    "invoice": "Счёт",
    "rich_message": "Сообщение с оформлением",
}


class Row(BaseModel):
    """A row of `api.requests_awaiting_answer`: one open window."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: UUID
    chat_name: str
    client_name: str | None
    asked_by: str | None
    last_message_text: str | None
    last_message_kind: str | None
    message_count: int
    opened_at: AwareDatetime
    last_message_at: AwareDatetime
    warn_at: AwareDatetime | None
    due_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    acknowledged_by_name: str | None
    accountant_name: str | None
    state: State
    working_seconds_left: int | None
    clock_runs: bool
    clock_changes_at: AwareDatetime | None

    @property
    def has_no_working_time(self) -> bool:
        """Assert that the schedule never opens, so that there is no deadline."""
        return self.due_at is None or self.working_seconds_left is None

    @property
    def state_word(self) -> str:
        """The state in Russian."""
        return STATE_WORDS[self.state]

    @property
    def left_words(self) -> str:
        """Working time left, or how late it is, as of the reading."""
        return countdown(self.working_seconds_left or 0)

    @property
    def kind_word(self) -> str:
        """What was sent when there is no text to show."""
        return KIND_WORDS.get(self.last_message_kind or "", "Сообщение без текста")

    def seconds_until_stop(self, now: datetime) -> int | None:
        """Seconds until the clock stops; none when it does not run, or never stops."""
        if not self.clock_runs or self.clock_changes_at is None:
            return None
        return max(round((self.clock_changes_at - now).total_seconds()), 0)


_ROWS = TypeAdapter(list[Row])


@get("/")
async def home() -> Redirect:
    """Lead to the first page."""
    return Redirect(HOME, status_code=303)


@get("/requests")
async def show_requests(
    request: Request[Any, Any, Any], me: NamedDependency[SkipValidation[SignedIn]]
) -> Response[Any]:
    """Show the list, or only its fragment to htmx. A list that could not be read says so and is never empty."""
    is_part = is_fragment(request)
    try:
        rows: Sequence[Row] | None = await _read_rows(me)
    except Unavailable:
        rows = None
    return Template(
        "pages/requests/_list.html" if is_part else "pages/requests/page.html",
        context=_context(me, rows, request.cookies.get("zone")),
        status_code=200 if rows is not None else 503,
    )


async def _read_rows(me: SignedIn) -> list[Row]:
    found = await me.database.read(
        "requests_awaiting_answer", ",".join(Row.model_fields), order="working_seconds_left,opened_at", nulls_first=True
    )
    return _ROWS.validate_python(found)


def _context(me: SignedIn, rows: Sequence[Row] | None, zone: str | None) -> dict[str, Any]:
    now = datetime.now(UTC)
    counts = Counter(row.state for row in rows or ())
    return {
        "me": me.person,
        "rows": rows,
        "counts": [(state, word, counts[state]) for state, word in COUNTER_WORDS.items()],
        "overdue": counts["overdue"],
        "wall": Wall(zone, now),
        "now": now,
        "refresh_in": _seconds_until_change(rows or (), now),
    }


def _seconds_until_change(rows: Sequence[Row], now: datetime) -> int | None:
    """Return when the next row changes by itself: a warning, a deadline, or the clock starting or stopping."""
    instants = [at for row in rows for at in (row.warn_at, row.due_at, row.clock_changes_at) if at and at > now]
    return round((min(instants) - now).total_seconds()) if instants else None
