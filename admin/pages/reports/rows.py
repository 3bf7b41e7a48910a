"""`/reports/requests`: the windows behind a number, and `/reports/export`: the same, or a table, to take along."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Template
from pydantic import AwareDatetime

from admin.exports import Kind, Sheet, send
from admin.figures.asked import Asked
from admin.figures.lines import GROUPS, KINDS, ROWS, Row
from admin.keyset import PAGE, Cursor, cut
from admin.pages.reports.page import WORDS, AnyRequest, Me, read_asked, read_lines, read_offer
from admin.pages.reports.sheets import figure_columns, one_page, pages_of_rows, row_columns
from admin.people import ASKS, SignedIn
from admin.rendering import show
from admin.throttling import LOW
from infra.supabase import Unavailable
from infra.words import _

_KINDS: dict[str, Kind] = {"csv": "csv", "xlsx": "xlsx"}
_HOURS = {f"{weekday}-{hour:02}" for weekday in range(1, 8) for hour in range(24)}


@get("/reports/requests", opt=ASKS)
async def show_rows(request: AnyRequest, me: Me) -> Template:
    """Show the windows behind a number, the latest first."""
    kind, hour = _narrowed(request)
    try:
        choices, asked = await read_asked(request, me)
        whom = await read_offer(request, me, choices, asked.query)
        found = await _read_page(me, asked, kind, hour, request.query_params.get("after", ""))
    except Unavailable:
        return show(request, me, "pages/reports/rows.html", status=503, rows=None)
    rows, after = cut(found, lambda row: (row.counts_at.isoformat(), row.id))
    here = {"kind": kind, "hour": hour}
    more = asked.address("/reports/requests", **here, after=after) if after else None
    return show(
        *(request, me, "pages/reports/rows.html"),
        **{"rows": rows, "more_path": more, "asked": asked, "choices": choices, "offer": whom, "here": here, **WORDS},
    )


@get("/reports/export", opt={"tier": LOW, "compressed": True})
async def export_report(request: AnyRequest, me: Me) -> Response[Any]:
    """Send a table of figures (`what=person`) or the windows behind a number (`what=rows`) as `format=csv` or xlsx."""
    what, kind = request.query_params.get("what", ""), _KINDS.get(request.query_params.get("format", ""))
    if kind is None or what not in {"rows", *GROUPS}:
        raise NotFoundException
    choices, asked = await read_asked(request, me)
    zone = ZoneInfo(choices.timezone)
    period = f"{asked.first_on:%d.%m.%Y}–{asked.last_on:%d.%m.%Y}"
    if what != "rows":
        lines = await read_lines(me, asked, what)
        name = _("Отчёт: {what}, {period}").format(what=_(GROUPS[what]), period=period)
        return send(Sheet(name, figure_columns(what), one_page(lines), zone), kind)
    narrowed, hour = _narrowed(request)
    pages = pages_of_rows(me.database, _arguments(asked, narrowed, hour))
    name = _("Обращения: {period}").format(period=period)
    return send(Sheet(name, row_columns(zone), pages, zone), kind)


def _narrowed(request: AnyRequest) -> tuple[str | None, str | None]:
    kind, hour = request.query_params.get("kind"), request.query_params.get("hour")
    return kind if kind in KINDS else None, hour if hour in _HOURS else None


def _arguments(asked: Asked, kind: str | None, hour: str | None) -> dict[str, Any]:
    outcomes = {"outcomes": KINDS[kind].outcomes} if kind else {}
    return {**asked.arguments, **outcomes, **({"hour": hour} if hour else {})}


async def _read_page(me: SignedIn, asked: Asked, kind: str | None, hour: str | None, after: str) -> list[Row]:
    place = Cursor.place(after, before=AwareDatetime, before_id=UUID)
    arguments = {**_arguments(asked, kind, hour), **place, "batch": PAGE + 1}
    return ROWS.validate_python(await me.database.call("find_outcomes", **arguments))
