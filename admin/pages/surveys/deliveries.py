"""`/surveys/<id>/deliveries`: what became of the message of each chat; the same to take along."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Template
from pydantic import Field

from admin.exports import Column, Kind, Sheet, send
from admin.filters import Filters
from admin.keyset import PAGE, Cursor, cut
from admin.pages.surveys.form import read_survey
from admin.pages.surveys.progress import ROWS, Delivery, remedy_of
from admin.pages.surveys.words import DELIVERIES, REASONS
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import LOW
from admin.times import Wall
from infra.words import _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

_BATCH = 2000


class Asked(Filters):
    """The filters of the list."""

    status: Literal["planned", "queued", "sent", "failed", "skipped", "cancelled"] | None = None
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] | None = None


class AskedTable(Asked):
    """The same to take along."""

    format: Kind = "csv"


@get("/surveys/{survey_id:uuid}/deliveries", opt=ASKS)
async def show_deliveries(request: AnyRequest, me: Me, survey_id: FromPath[UUID]) -> Template:
    """Show them by the name of the chat."""
    refuse_all_but(me, MANAGERS)
    asked, survey = Asked.of(request), await read_survey(me, survey_id)
    after = Cursor.place(asked.after, after_name=str, after_id=UUID)
    rows, following = cut(await _read(me, survey_id, asked, after, PAGE + 1), lambda row: (row.chat_name, row.id))
    path = f"/surveys/{survey_id}/deliveries"
    return show(
        request,
        me,
        "pages/surveys/deliveries.html",
        survey=survey,
        rows=rows,
        asked=asked,
        path=path,
        more_at=asked.address(path, after=following) if following else None,
        statuses=DELIVERIES,
        remedy_of=remedy_of,
    )


@get("/surveys/{survey_id:uuid}/deliveries/export", opt={"tier": LOW, "compressed": True})
async def export_deliveries(request: AnyRequest, me: Me, survey_id: FromPath[UUID]) -> Response[Any]:
    """Send the same rows as `format=csv` or xlsx."""
    refuse_all_but(me, MANAGERS)
    asked, survey = AskedTable.of(request), await read_survey(me, survey_id)
    zone = Wall(request.cookies.get("zone"), survey.created_at).zone
    name = _("Рассылка опроса: {name}").format(name=survey.name)
    return send(Sheet(name, _columns(zone.key), _pages(me, survey_id, asked), zone), asked.format)


async def _read(me: SignedIn, survey_id: UUID, asked: Asked, after: dict[str, str], batch: int) -> Sequence[Delivery]:
    found = await me.database.call(
        "find_deliveries", survey=str(survey_id), status=asked.status, reason=asked.reason, **after, batch=batch
    )
    return ROWS.validate_python(found)


async def _pages(me: SignedIn, survey_id: UUID, asked: Asked) -> AsyncIterator[Sequence[Delivery]]:
    after: dict[str, str] = {}
    while rows := await _read(me, survey_id, asked, after, _BATCH):
        yield rows
        after = {"after_name": rows[-1].chat_name, "after_id": str(rows[-1].id)}


def _columns(zone: str) -> list[Column]:
    def at(title: str) -> str:
        return f"{title} ({zone})"

    statuses = {status: _(words) for status, words in DELIVERIES.items()}
    reasons = {reason: _(words) for reason, words in REASONS.items()}
    return [
        Column(_("Чат"), lambda row: row.chat_name),
        Column(_("Клиент"), lambda row: row.client_name),
        Column(_("Состояние"), lambda row: statuses[row.status]),
        Column(_("Причина"), lambda row: reasons.get(row.reason)),
        Column(at(_("Отправлено")), lambda row: row.sent_at),
        Column(at(_("Напомнили")), lambda row: row.reminded_at),
        Column(_("Могут голосовать"), lambda row: row.people),
        Column(_("Проголосовали"), lambda row: row.voted),
    ]
