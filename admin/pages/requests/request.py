"""`/requests/<id>`: the conversation around one wait, why it took so long, who was told, and what can be done."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect, Template
from pydantic import TypeAdapter

from admin.pages.requests.ledger import Ledger, Message
from admin.pages.requests.page import KIND_WORDS
from admin.people import SignedIn
from admin.throttling import MEDIUM
from admin.times import Wall

Me = NamedDependency[SkipValidation[SignedIn]]

_MESSAGES = TypeAdapter(list[Message])


@get("/requests/{request_id:uuid}")
async def show_request(request: Request[Any, Any, Any], me: Me, request_id: FromPath[UUID]) -> Response[Any]:
    """Show one window; another's answers as one that does not exist."""
    ledger, messages = await asyncio.gather(
        me.database.call("explain_request", request_id=str(request_id)),
        me.database.call("transcript", request_id=str(request_id)),
    )
    context = {
        "me": me.person,
        "ledger": Ledger.model_validate(ledger),
        "messages": _MESSAGES.validate_python(messages),
        "kinds": KIND_WORDS,
        "wall": Wall(request.cookies.get("zone"), datetime.now(UTC)),
    }
    return Template("pages/requests/request.html", context=context)


@post("/requests/{request_id:uuid}/take", opt={"tier": MEDIUM})
async def take_request(me: Me, request_id: FromPath[UUID]) -> Redirect:
    """Have it in hand; the clock goes on."""
    return await _act(me, "acknowledge_request", request_id)


@post("/requests/{request_id:uuid}/excuse", opt={"tier": MEDIUM})
async def excuse_request(me: Me, request_id: FromPath[UUID]) -> Redirect:
    """Say that no answer is needed."""
    return await _act(me, "excuse_request", request_id)


async def _act(me: SignedIn, function: str, request_id: UUID) -> Redirect:
    await me.database.call(function, request_id=str(request_id))
    return Redirect(f"/requests/{request_id}", status_code=303)
