"""`/requests/<id>`: the conversation around one wait, why it took so long, who was told, and what can be done."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID, uuid4

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation, URLEncodedBody
from litestar.response import Redirect, Template

from admin.colleagues import offer
from admin.models import Frozen
from admin.pages.requests.bulk import CHAT_OWNER, act
from admin.pages.requests.desk import Desk
from admin.pages.requests.ledger import Ledger
from admin.pages.requests.talk import Talk, place_of
from admin.people import ASKS, SignedIn
from admin.rendering import is_fragment, show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.words import _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class Correction(Frozen):
    """The form: what the message is after all."""

    classification: Literal["request", "gratitude", "spam"]


class AssignForm(Frozen):
    """The form: who has it from now on; `chat` is the owner of the chat."""

    assignee: UUID | Literal["chat"]


class Draft(Frozen):
    """What is being written, under the id it will be sent by, however often that is asked."""

    reply_id: UUID
    body: str = ""
    template: UUID | None = None
    trouble: str | None = None


@get("/requests/{request_id:uuid}", opt=ASKS)
async def show_request(
    request: AnyRequest,
    me: Me,
    request_id: FromPath[UUID],
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
    read: FromQuery[str] = "",
) -> Template:
    """Show one window, to htmx a piece of its talk or what changes; another's answers as one that does not exist."""
    place = place_of(before, after)
    if place and is_fragment(request):
        talk = await _read_talk(me, request_id, place)
        return show(request, me, "pages/requests/_talk.html", talk=talk, place=place, request_id=request_id)
    return await story(request, me, request_id, place=place, was_paged=bool(read))


async def story(
    request: AnyRequest,
    me: SignedIn,
    request_id: UUID,
    *,
    place: Mapping[str, Any] | None = None,
    was_paged: bool = False,
    draft: Draft | None = None,
    status: int = 200,
) -> Template:
    """Return the page, or to htmx what of it changes by itself, with what is being written."""
    found: Any = await me.database.call("request_page", request_id=str(request_id), **(place or {}))
    ledger, desk = Ledger.model_validate(found["ledger"]), Desk.model_validate(found["desk"])
    named = {desk.assignee, *(event.given_to for event in ledger.events)}
    words = request.query_params.get("find", "")
    context = {
        "ledger": ledger,
        "desk": desk,
        "offer": await offer(me.database, desk, "workers", *named, words=words),
        "talk": Talk.model_validate(found["talk"]),
        "place": place,
        "is_part": is_fragment(request),
        "request_id": request_id,
        "draft": draft or Draft(reply_id=uuid4()),
        "chat_owner": CHAT_OWNER,
        # Who has read on is not led back.
        "was_paged": was_paged,
    }
    name = "pages/requests/_changes.html" if is_fragment(request) else "pages/requests/request.html"
    return show(request, me, name, status=status, **context)


async def _read_talk(me: SignedIn, request_id: UUID, place: Mapping[str, Any] | None) -> Talk:
    return Talk.model_validate(await me.database.call("transcript", request_id=str(request_id), **(place or {})))


@post("/requests/{request_id:uuid}/take", opt={"tier": MEDIUM})
async def take_request(me: Me, request_id: FromPath[UUID]) -> Redirect:
    """Have it in hand; the clock goes on."""
    return await _do(me, request_id, _("Взято в работу."), "acknowledge_request")


@post("/requests/{request_id:uuid}/excuse", opt={"tier": MEDIUM})
async def excuse_request(me: Me, request_id: FromPath[UUID]) -> Redirect:
    """Say that no answer is needed."""
    return await _do(me, request_id, _("Отмечено: ответ не нужен."), "excuse_request")


@post("/requests/{request_id:uuid}/class", opt={"tier": MEDIUM})
async def classify_request(me: Me, request_id: FromPath[UUID], data: URLEncodedBody[Correction]) -> Redirect:
    """Say what the client's message is after all: the window follows, and the rules learn from it (S2)."""
    return await _do(me, request_id, _("Исправлено."), "reclassify_request", classification=data.classification)


@post("/requests/{request_id:uuid}/assign", opt={"tier": MEDIUM})
async def assign_request(me: Me, request_id: FromPath[UUID], data: URLEncodedBody[AssignForm]) -> Redirect:
    """Give it to somebody, or back to the owner of its chat."""
    return go(f"/requests/{request_id}", await act(me, "assign", [request_id], data.assignee))


async def _do(me: SignedIn, request_id: UUID, sentence: str, function: str, **arguments: str) -> Redirect:
    await me.database.call(function, request_id=str(request_id), **arguments)
    return go(f"/requests/{request_id}", sentence)
