"""Answering a client from the page of a window: a template filled in, the words sent by the bot, and sent again."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation, URLEncodedBody
from litestar.response import Redirect
from pydantic import Field

from admin.errors import advice_of
from admin.models import Chosen, Frozen
from admin.pages.requests.request import Draft, story
from admin.people import SignedIn
from admin.rendering import is_fragment, show
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.supabase import Refused
from infra.words import _

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


class ReplyForm(Frozen):
    """The form: the words, the id they are sent by, and the template they come from."""

    # Telegram takes 4096; the database says so in words.
    body: Annotated[str, Field(max_length=20_000)] = ""
    reply_id: UUID
    template: Chosen = None
    chat: Chosen = None


class Preview(Frozen):
    """What of `api.preview_template` is needed: the template as the chat would read it."""

    text: str


@post("/requests/{request_id:uuid}/reply", opt={"tier": MEDIUM})
async def send_reply(
    request: AnyRequest, me: Me, request_id: FromPath[UUID], data: URLEncodedBody[ReplyForm]
) -> Response[Any]:
    """Send the words through the bot in the name of whoever writes; refused, they stay in the form."""
    # A browser sends the ends of lines as CRLF.
    body = data.body.replace("\r\n", "\n").strip()
    try:
        await me.database.call(
            "answer_request",
            request_id=str(request_id),
            body=body,
            reply_id=str(data.reply_id),
            template_id=str(data.template) if data.template else None,
        )
    except Refused as refusal:
        draft = Draft(reply_id=data.reply_id, body=data.body, template=data.template, trouble=advice_of(refusal))
        return await story(request, me, request_id, draft=draft, status=422)
    return go(f"/requests/{request_id}", _("Ответ отправляется."))


@post("/requests/{request_id:uuid}/fill", opt={"tier": MEDIUM}, status_code=200)
async def fill_template(
    request: AnyRequest, me: Me, request_id: FromPath[UUID], data: URLEncodedBody[ReplyForm]
) -> Response[Any]:
    """Put a template into the form, its variables filled in for this chat, below what is there."""
    body, trouble = data.body, None
    if data.template and data.chat:
        try:
            seen = await me.database.call("preview_template", template_id=str(data.template), chat=str(data.chat))
            body = "\n\n".join(part for part in (data.body.strip(), Preview.model_validate(seen).text) if part)
        except Refused as refusal:
            trouble = advice_of(refusal)
    draft = Draft(reply_id=data.reply_id, body=body, template=data.template, trouble=trouble)
    if is_fragment(request):
        return show(request, me, "pages/requests/_words.html", draft=draft)
    return await story(request, me, request_id, draft=draft)


@post("/requests/{request_id:uuid}/replies/{reply_id:uuid}/retry", opt={"tier": MEDIUM})
async def retry_reply(me: Me, request_id: FromPath[UUID], reply_id: FromPath[UUID]) -> Redirect:
    """Try once more what could not be sent."""
    await me.database.call("retry_reply", reply_id=str(reply_id))
    return go(f"/requests/{request_id}", _("Отправляем ещё раз."))
