"""`/faq`: frequent questions with their answers, and a box that says what the bot would answer, and why."""

import asyncio
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
from infra.words import _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]

# Which field of the form a refusal is about.
FIELDS = {"question_is_written": "question", "answer_fits_one_message": "answer"}


class Item(Frozen):
    """A frequent question; what clients said of the bot's answer is counted on the list alone."""

    id: UUID
    question: str
    answer: str
    keywords: list[str]
    usage_count: int
    archived_at: AwareDatetime | None
    helped: int = 0
    not_helped: int = 0


class Candidate(Frozen):
    """A question that the words could mean, and how like it they are, from 0 to 1."""

    id: UUID
    question: str
    answer: str
    score: float

    @property
    def percent(self) -> int:
        """The likeness as people read it."""
        return round(self.score * 100)


class Tried(Frozen):
    """What the bot makes of some words: the best three candidates, and whether the first is like enough."""

    answers: bool
    threshold: float
    candidates: list[Candidate]

    @property
    def needed_percent(self) -> int:
        """From which likeness on it answers."""
        return round(self.threshold * 100)


class Page(Frozen):
    """What `api.faq_page` answers."""

    in_use: int
    put_away: int
    items: list[Item]


class Asked(Filters):
    """The filters of the list, and the words in the test box."""

    q: str = Field(default="", max_length=100)
    archived: bool = False
    words: str = Field(default="", max_length=1000)


class Typed(Frozen):
    """The form of a question; keywords one to a line, or with commas."""

    question: str = Field(default="", max_length=2000)
    answer: str = Field(default="", max_length=10_000)
    keywords: str = Field(default="", max_length=5000)


@get("/faq", opt=ASKS)
async def show_faq(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the questions in use or those put away, and what the bot would answer to the words in the box."""
    asked = Asked.of(request)
    context: dict[str, Any] = {"asked": asked, "keepers": MANAGERS, "most": MOST}
    try:
        found, tried = await asyncio.gather(
            me.database.call("faq_page", words=asked.q, archived=asked.archived), _try(me, asked.words)
        )
    except Unavailable:
        return show(request, me, "pages/faq/page.html", 503, page=None, tried=None, **context)
    return show(request, me, "pages/faq/page.html", page=Page.model_validate(found), tried=tried, **context)


@get("/faq/new")
async def show_new_faq_item(request: AnyRequest, me: Me) -> Response[Any]:
    """Show an empty form."""
    refuse_all_but(me, MANAGERS)
    return _form(request, me, Typed(), None)


@get("/faq/{item_id:uuid}", opt=ASKS)
async def show_faq_item(request: AnyRequest, me: Me, item_id: FromPath[UUID]) -> Response[Any]:
    """Show one in its form."""
    refuse_all_but(me, MANAGERS)
    item = await _read_one(me, item_id)
    typed = Typed(question=item.question, answer=item.answer, keywords="\n".join(item.keywords))
    return _form(request, me, typed, item)


@post("/faq/new", opt={"tier": MEDIUM})
async def add_faq_item(request: AnyRequest, me: Me, data: URLEncodedBody[Typed]) -> Response[Any]:
    """Keep a new question."""
    return await _save(request, me, data, None)


@post("/faq/{item_id:uuid}", opt={"tier": MEDIUM})
async def save_faq_item(
    request: AnyRequest, me: Me, item_id: FromPath[UUID], data: URLEncodedBody[Typed]
) -> Response[Any]:
    """Keep a changed question."""
    refuse_all_but(me, MANAGERS)
    return await _save(request, me, data, await _read_one(me, item_id))


@post("/faq/{item_id:uuid}/archive", opt={"tier": MEDIUM})
async def archive_faq_item(me: Me, item_id: FromPath[UUID], data: URLEncodedBody[PutAway]) -> Redirect:
    """Put a question away, or back."""
    await me.database.call("archive_faq_item", faq_item_id=str(item_id), archived=data.archived)
    if data.archived:
        return go("/faq", _("Вопрос в архиве: бот на него больше не отвечает."))
    return go("/faq", _("Вопрос снова в работе."))


async def _try(me: SignedIn, words: str) -> Tried | None:
    return Tried.model_validate(await me.database.call("try_faq", words=words)) if words.strip() else None


async def _save(request: AnyRequest, me: SignedIn, data: Typed, item: Item | None) -> Response[Any]:
    try:
        await me.database.call(
            "save_faq_item",
            question=data.question,
            answer=data.answer,
            keywords=data.keywords.replace(",", "\n").splitlines(),
            faq_item_id=str(item.id) if item else None,
        )
    except Refused as refusal:
        return _form(request, me, data, item, refused=refusal)
    return go("/faq", _("Вопрос сохранён."))


def _form(
    request: AnyRequest, me: SignedIn, typed: Typed, item: Item | None, *, refused: Refused | None = None
) -> Response[Any]:
    return show(
        request,
        me,
        "pages/faq/form.html",
        422 if refused else 200,
        typed=typed,
        item=item,
        problem=advice_of(refused) if refused else None,
        problem_field=FIELDS.get(refused.key, "keywords") if refused else None,
    )


async def _read_one(me: SignedIn, item_id: UUID) -> Item:
    columns = "id,question,answer,keywords,usage_count,archived_at"
    found: Any = await me.database.read("faq_items", columns, id=str(item_id))
    if not found:
        raise NotFoundException
    return Item.model_validate(found[0])
