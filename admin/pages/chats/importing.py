"""`/chats/import`: chats from a file with clients, owners and terms, checked row by row before anything changes."""

import csv
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect

from admin.chat_columns import COLUMNS
from admin.errors import advice_of
from admin.people import MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.sheets import decoded, lines_of, named, written
from admin.throttling import LOW
from admin.tiers import TIERS
from infra.supabase import Refused, open_http
from infra.words import _

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]

LARGEST_FILE_BYTES = 2 * 1024 * 1024
ENDINGS = (".csv", ".txt", ".tsv")
# Thousands of rows are tried in seconds.
PATIENCE_SECONDS = 65

# What the first line may call a column, in lower case, beside the words of the template.
HEADINGS = {
    "название чата": "chat",
    "группа": "chat",
    "chat": "chat",
    "client": "client",
    "tier": "tier",
    "почта ответственного": "owner",
    "owner": "owner",
    "бухгалтер": "owner",
    "policy": "policy",
    "расписание": "schedule",
    "schedule": "schedule",
    "норма": "target",
    "target": "target",
}
EXAMPLE = ("ООО Ромашка · бухгалтерия", "ООО Ромашка", "Стандарт", "olga@firma.ru", "", "", "60")


@get("/chats/import")
async def show_import(request: AnyRequest, me: Me) -> Response[Any]:
    """Show what a file must be like."""
    return _page(request, me)


@get("/chats/import/template")
async def show_template(me: Me) -> Response[bytes]:
    """Send a file to fill in."""
    refuse_all_but(me, MANAGERS)
    return Response(
        written([[_(title) for title in COLUMNS.values()], EXAMPLE]),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="chats.csv"'},
    )


@post("/chats/import", opt={"tier": LOW}, request_max_body_size=LARGEST_FILE_BYTES + 64 * 1024)
async def check_import(request: AnyRequest, me: Me) -> Response[Any]:
    """Check a file and lead to the task that its draft is."""
    refuse_all_but(me, MANAGERS)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not (file.filename or "").lower().endswith(ENDINGS):
        return _page(request, me, 422, problem=_("Выберите файл CSV. Из Excel: «Сохранить как», тип «CSV»."))
    content = await file.read()
    if len(content) > LARGEST_FILE_BYTES:
        return _page(request, me, 413, problem=_("Файл больше 2 МБ. Разделите его на части."))
    try:
        rows = rows_of(decoded(content))
    except csv.Error:
        return _page(request, me, 422, problem=_("Файл не похож на таблицу. Сохраните его из Excel как CSV."))
    try:
        async with open_http(PATIENCE_SECONDS) as patient:
            task: Any = await me.database.over(patient).call("draft_chat_import", rows=rows)
    except Refused as refusal:
        return _page(request, me, 422, problem=advice_of(refusal))
    log.info("chat_import_drafted", task_id=task, count=len(rows), user_id=me.person.id)
    return Redirect(f"/tasks/{UUID(task)}", status_code=303)


def rows_of(text: str) -> list[dict[str, Any]]:
    """Return what `api.draft_chat_import` takes: a row per line of the file with anything on it."""
    said = {word.lower(): column for column, title in COLUMNS.items() for word in (title, _(title))}
    tiers = {word.lower(): tier for tier, title in TIERS.items() for word in (title, _(title))}
    return [
        {**row, "line": line, **({"tier": tiers.get(row["tier"].lower(), row["tier"])} if "tier" in row else {})}
        for line, row in named(lines_of(text), tuple(COLUMNS), {**HEADINGS, **said})
    ]


def _page(request: AnyRequest, me: SignedIn, status: int = 200, problem: str | None = None) -> Response[Any]:
    refuse_all_but(me, MANAGERS)
    return show(request, me, "pages/chats/import.html", status, problem=problem, columns=COLUMNS, example=EXAMPLE)
