"""`/reports/coverage`: what the figures of a period do not cover (S16). Apart, because it looks at every message."""

from decimal import Decimal

from litestar import get
from litestar.response import Template
from pydantic import AwareDatetime, TypeAdapter

from admin.models import Frozen
from admin.pages.reports.page import WORDS, AnyRequest, Me, read_asked
from admin.people import ASKS
from admin.rendering import is_fragment, show
from infra.supabase import Unavailable


class Coverage(Frozen):
    """The row of `api.coverage_report`."""

    known_since: AwareDatetime | None
    down_seconds: int
    messages: int
    by_unknown_senders: int
    unread: int
    unread_percent: Decimal | None
    rejected: int


_COVERAGE = TypeAdapter(list[Coverage])


@get("/reports/coverage", opt=ASKS)
async def show_coverage(request: AnyRequest, me: Me) -> Template:
    """Show it as a part of the report that asks for it, or as a page to who reads without scripts."""
    try:
        _choices, asked = await read_asked(request, me)
        (coverage,) = _COVERAGE.validate_python(await me.database.call("coverage_report", **asked.instants))
    except Unavailable:
        return show(request, me, "pages/reports/coverage.html", status=503, coverage=None)
    part = "pages/reports/_coverage.html" if is_fragment(request) else "pages/reports/coverage.html"
    return show(request, me, part, coverage=coverage, **WORDS)
