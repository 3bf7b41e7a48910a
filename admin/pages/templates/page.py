"""`/templates`: ready texts, by category; a keeper writes them, tries them out and puts them away."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect
from pydantic import AwareDatetime, Field

from admin.errors import advice_of
from admin.filters import Filters
from admin.keyset import MOST
from admin.models import Frozen, PutAway
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused, Unavailable
from infra.words import N_, _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]

VARIABLES = {
    "client_name": N_("название клиента"),
    "accountant_name": N_("имя ответственного бухгалтера"),
    "chat_title": N_("название чата"),
    "date": N_("сегодняшняя дата"),
}
# Which field of the form a refusal is about; any other concerns the text.
FIELDS = {"template_has_a_category": "category", "template_has_a_title": "title"}


class ReadyText(Frozen):
    """A ready text."""

    id: UUID
    category: str
    title: str
    content: str
    usage_count: int
    archived_at: AwareDatetime | None


class Category(Frozen):
    """A category, and how many texts of it were found."""

    name: str
    amount: int


class Page(Frozen):
    """What `api.templates_page` answers."""

    in_use: int
    put_away: int
    categories: list[Category]
    templates: list[ReadyText]


class Asked(Filters):
    """The filters of the list."""

    q: str = Field(default="", max_length=100)
    category: str | None = Field(None, max_length=100)
    archived: bool = False


class Typed(Frozen):
    """The form of a text; `act` is the button: look at it, or keep it."""

    category: str = Field(default="", max_length=1000)
    title: str = Field(default="", max_length=1000)
    content: str = Field(default="", max_length=10_000)
    act: str = "save"


@get("/templates", opt=ASKS)
async def show_templates(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the texts in use, or those put away."""
    asked = Asked.of(request)
    try:
        found = await me.database.call(
            "templates_page", words=asked.q, category=asked.category, archived=asked.archived
        )
    except Unavailable:
        return show(request, me, "pages/templates/page.html", 503, page=None, asked=asked, keepers=MANAGERS)
    page = Page.model_validate(found)
    return show(request, me, "pages/templates/page.html", page=page, asked=asked, keepers=MANAGERS, most=MOST)


@get("/templates/new")
async def show_new_template(request: AnyRequest, me: Me) -> Response[Any]:
    """Show an empty form."""
    refuse_all_but(me, MANAGERS)
    return await _form(request, me, Typed(), None)


@get("/templates/{template_id:uuid}", opt=ASKS)
async def show_template(request: AnyRequest, me: Me, template_id: FromPath[UUID]) -> Response[Any]:
    """Show one in its form."""
    refuse_all_but(me, MANAGERS)
    text = await _read_one(me, template_id)
    return await _form(request, me, Typed(category=text.category, title=text.title, content=text.content), text)


@post("/templates/new", opt={"tier": MEDIUM})
async def add_template(request: AnyRequest, me: Me, data: URLEncodedBody[Typed]) -> Response[Any]:
    """Keep a new text, or show what a client would read."""
    return await _save(request, me, data, None)


@post("/templates/{template_id:uuid}", opt={"tier": MEDIUM})
async def save_template(
    request: AnyRequest, me: Me, template_id: FromPath[UUID], data: URLEncodedBody[Typed]
) -> Response[Any]:
    """Keep a changed text, or show what a client would read."""
    refuse_all_but(me, MANAGERS)
    return await _save(request, me, data, await _read_one(me, template_id))


@post("/templates/{template_id:uuid}/archive", opt={"tier": MEDIUM})
async def archive_template(me: Me, template_id: FromPath[UUID], data: URLEncodedBody[PutAway]) -> Redirect:
    """Put a text away, or back."""
    await me.database.call("archive_template", template_id=str(template_id), archived=data.archived)
    if data.archived:
        return go("/templates", _("Шаблон в архиве: его больше не предлагают."))
    return go("/templates", _("Шаблон снова в работе."))


async def _save(request: AnyRequest, me: SignedIn, data: Typed, text: ReadyText | None) -> Response[Any]:
    if data.act == "try":
        return await _form(request, me, data, text)
    try:
        await me.database.call(
            "save_template",
            category=data.category,
            title=data.title,
            content=data.content,
            template_id=str(text.id) if text else None,
        )
    except Refused as refusal:
        return await _form(request, me, data, text, refused=refusal)
    return go("/templates", _("Шаблон сохранён."))


async def _form(
    request: AnyRequest, me: SignedIn, typed: Typed, text: ReadyText | None, *, refused: Refused | None = None
) -> Response[Any]:
    preview: Any = None
    if typed.content and refused is None:
        try:
            preview = await me.database.call("try_template", content=typed.content)
        except Refused as refusal:
            refused = refusal
    return show(
        request,
        me,
        "pages/templates/form.html",
        422 if refused and request.method == "POST" else 200,
        typed=typed,
        text=text,
        preview=preview,
        variables=VARIABLES,
        problem=advice_of(refused) if refused else None,
        problem_field=FIELDS.get(refused.key, "content") if refused else None,
    )


async def _read_one(me: SignedIn, template_id: UUID) -> ReadyText:
    found: Any = await me.database.read("templates", ",".join(ReadyText.model_fields), id=str(template_id))
    if not found:
        raise NotFoundException
    return ReadyText.model_validate(found[0])
