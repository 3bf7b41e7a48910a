"""What the exports of reports have in their columns: the same rows as the page, the same figures as the database."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from admin.exports import Cell, Column
from admin.figures.lines import GROUPS, KINDS, ROWS, Line, Row
from admin.outcomes import OUTCOMES
from admin.tiers import TIERS
from infra.supabase import Database
from infra.words import N_, _

# Rows of one round trip: about two megabytes.
PAGE = 2000

NOBODY_WORDS = {
    "person": N_("Никто: владелец отсутствовал, замены не было"),
    "client": N_("Без клиента"),
}
_SECONDS_A_MINUTE = 60


def figure_columns(by: str) -> list[Column]:
    """Return the columns of a table of figures, in the reader's language."""
    nobody = _(NOBODY_WORDS.get(by, NOBODY_WORDS["client"]))
    return [
        Column(_(GROUPS[by]), lambda line: line.name or nobody),
        *(Column(_(KINDS[kind].title), _counter(kind)) for kind in ("n", "met", "met_late", "overdue")),
        Column(_("В срок, %"), lambda line: line.met_percent),
        Column(_("Ответ, медиана, рабочих минут"), lambda line: line.p50_minutes),
        Column(_("Ответ, 90 % не дольше, рабочих минут"), lambda line: line.p90_minutes),
        Column(_("Ответ, медиана, минут по календарю"), lambda line: line.p50_calendar_minutes),
        Column(_("Ответ, 90 % не дольше, минут по календарю"), lambda line: line.p90_calendar_minutes),
        *(Column(_(KINDS[kind].title), _counter(kind)) for kind in ("excused", "voided", "waiting")),
    ]


def _counter(kind: str) -> Any:
    def count(line: Line) -> Cell:
        return line.count(kind)

    return count


def row_columns(zone: ZoneInfo) -> list[Column]:
    """Return the columns of a list of windows, in the reader's language."""
    outcomes = {outcome: _(words) for outcome, words in OUTCOMES.items()}
    tiers = {tier: _(words) for tier, words in TIERS.items()}

    def at(title: str) -> str:
        return f"{title} ({zone.key})"

    return [
        Column(at(_("Учтено")), lambda row: row.counts_at),
        Column(_("Чат"), lambda row: row.chat_name),
        Column(_("Клиент"), lambda row: row.client_name),
        Column(_("Уровень обслуживания"), lambda row: tiers.get(row.client_tier)),
        Column(_("Политика"), lambda row: row.policy_name),
        Column(_("Исход"), lambda row: outcomes[row.outcome]),
        Column(_("На ком"), lambda row: row.person_name),
        Column(_("Кто ответил"), lambda row: row.responded_by_name),
        Column(_("Норма, рабочих минут"), lambda row: row.target_minutes),
        Column(at(_("Спросили")), lambda row: row.opened_at),
        Column(at(_("Срок ответа")), lambda row: row.due_at),
        Column(at(_("Ответили")), lambda row: row.responded_at),
        Column(_("Ожидание, рабочих минут"), lambda row: minutes(row.working_seconds)),
        Column(_("Ожидание, минут по календарю"), lambda row: minutes(row.calendar_seconds)),
        Column(_("Обращение"), lambda row: str(row.id)),
    ]


def minutes(seconds: int | None) -> float | None:
    """Return seconds as minutes with two places, none as none."""
    return None if seconds is None else round(seconds / _SECONDS_A_MINUTE, 2)


async def pages_of_rows(database: Database, arguments: dict[str, Any]) -> AsyncIterator[Sequence[Row]]:
    """Yield all rows behind a figure, page by page."""
    after: dict[str, Any] = {}
    while True:
        found = await database.call("find_outcomes", **arguments, **after, batch=PAGE)
        rows = ROWS.validate_python(found)
        if rows:
            yield rows
        if len(rows) < PAGE:
            return
        after = {"before": rows[-1].counts_at.isoformat(), "before_id": str(rows[-1].id)}


async def one_page(rows: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
    """Yield rows that are here already."""
    yield rows
