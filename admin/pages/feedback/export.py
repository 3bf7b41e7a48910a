"""`/feedback/export`: the tables of the page and the rows behind them, to take along, for those who may read names."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation

from admin.exports import Column, Kind, Sheet, send
from admin.figures.ratings import STARS, TREND, Ratings
from admin.keyset import Cursor
from admin.pages.feedback.cases import Asked as AskedCases
from admin.pages.feedback.page import TABS, Results
from admin.pages.feedback.rows import CASES, RESOLUTIONS, Case, Vote
from admin.pages.feedback.votes import Asked, read_votes
from admin.people import MANAGERS, SignedIn, refuse_all_but
from admin.throttling import LOW
from admin.times import Wall
from infra.words import _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
What = Literal["votes", "cases", "trend", "accountants", "clients", "segments"]

_BATCH = 1000


class AskedTable(Asked):
    """Which table of which survey."""

    what: What = "votes"
    format: Kind = "csv"


@get("/feedback/export", opt={"tier": LOW, "compressed": True})
async def export_feedback(request: AnyRequest, me: Me) -> Response[Any]:
    """Send `what` as `format=csv` or xlsx."""
    refuse_all_but(me, MANAGERS)
    asked = AskedTable.of(request)
    zone = Wall(request.cookies.get("zone"), datetime.now(UTC)).zone
    return send(await _sheet(me, asked, request, zone), asked.format)


async def _sheet(me: SignedIn, asked: AskedTable, request: AnyRequest, zone: ZoneInfo) -> Sheet:
    match asked.what:
        case "votes":
            return Sheet(_("Оценки клиентов"), _vote_columns(zone), _votes(me, asked), zone)
        case "cases":
            return Sheet(_("Низкие оценки"), _case_columns(zone), _cases(me, AskedCases.of(request)), zone)
        case "trend":
            points = TREND.validate_python(await me.database.call("feedback_trend"))
            return Sheet(_("Оценки по опросам"), figure_columns(_("Опрос")), _one_page(points), zone)
        case what:
            if asked.survey is None:
                raise NotFoundException
            results = Results.model_validate(await me.database.call("survey_results", id=str(asked.survey)))
            title = _(TABS[what])
            name = _("Оценки: {what}").format(what=title)
            return Sheet(name, figure_columns(title), _one_page(getattr(results, what)), zone)


def figure_columns(title: str) -> list[Column]:
    """Return the columns of a table of figures, in the reader's language."""
    nobody = _("Без бухгалтера")
    return [
        Column(title, lambda row: row.name or nobody),
        Column(_("Могли голосовать"), lambda row: row.asked),
        Column(_("Голосов"), lambda row: row.votes),
        Column(_("Проголосовало людей"), lambda row: row.voters),
        Column(_("Ответили, %"), lambda row: row.rate),
        Column(_("Средняя оценка"), lambda row: row.average),
        Column(_("Довольны (4 и 5), %"), lambda row: row.csat),
        Column("NPS", lambda row: row.nps),
        *(_stars_column(stars) for stars in STARS),
    ]


def _stars_column(stars: int) -> Column:
    def count(row: Ratings) -> int:
        return row.distribution[stars - 1] if row.distribution else 0

    return Column(_("Оценок «{stars}»").format(stars=stars), count)


def _vote_columns(zone: ZoneInfo) -> list[Column]:
    return [
        Column(f"{_('Когда')} ({zone.key})", lambda row: row.created_at),
        Column(_("Опрос"), lambda row: row.survey_name),
        Column(_("Оценка"), lambda row: row.rating),
        Column(_("Комментарий"), lambda row: row.comment),
        Column(_("Кто"), lambda row: row.voter_name),
        Column(_("Чат"), lambda row: row.chat_name),
        Column(_("Клиент"), lambda row: row.client_name),
        Column(_("Бухгалтер"), lambda row: row.accountant_name),
    ]


def _case_columns(zone: ZoneInfo) -> list[Column]:
    endings = {resolution: _(words) for resolution, words in RESOLUTIONS.items()}
    return [
        Column(f"{_('Когда')} ({zone.key})", lambda row: row.opened_at),
        Column(_("Опрос"), lambda row: row.survey_name),
        Column(_("Оценка сейчас"), lambda row: row.rating),
        Column(_("Самая низкая"), lambda row: row.lowest),
        Column(_("Комментарий"), lambda row: row.comment),
        Column(_("Кто"), lambda row: row.voter_name),
        Column(_("Чат"), lambda row: row.chat_name),
        Column(_("Клиент"), lambda row: row.client_name),
        Column(_("Бухгалтер"), lambda row: row.accountant_name),
        Column(_("Разбирается"), lambda row: row.owner_name),
        Column(_("Заметка"), lambda row: row.note),
        Column(_("Чем кончилось"), lambda row: endings.get(row.resolution)),
        Column(f"{_('Решено')} ({zone.key})", lambda row: row.resolved_at),
    ]


async def _votes(me: SignedIn, asked: Asked) -> AsyncIterator[Sequence[Vote]]:
    after = ""
    while rows := await read_votes(me, asked, after, _BATCH):
        yield rows
        after = Cursor.write((rows[-1].created_at.isoformat(), rows[-1].id))


async def _cases(me: SignedIn, asked: AskedCases) -> AsyncIterator[Sequence[Case]]:
    after: dict[str, str] | None = None
    arguments = {"state": asked.state, "survey": asked.survey and str(asked.survey), "batch": _BATCH}
    while rows := CASES.validate_python(await me.database.call("find_cases", **arguments, after=after)):
        yield rows
        after = {"opened_at": rows[-1].opened_at.isoformat(), "id": str(rows[-1].id)}


async def _one_page(rows: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
    yield rows
