"""Several requests at once: one call for all of them, and one sentence that says what became of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import SkipValidation, URLEncodedBody
from litestar.response import Redirect
from pydantic import Field, TypeAdapter

from admin.models import Frozen, Listed
from admin.pages.requests.filters import Filters
from admin.people import SignedIn
from admin.throttling import MEDIUM
from admin.toasts import go
from infra.words import N_, _, number

Me = NamedDependency[SkipValidation[SignedIn]]
Act = Literal["take", "excuse", "assign"]

# In the select of people: back to the owner of each chat.
CHAT_OWNER = "chat"
_DONE: dict[Act, str] = {
    "take": N_("Взято в работу: {n}"),
    "excuse": N_("Отмечено «ответ не нужен»: {n}"),
    "assign": N_("Передано: {n}"),
}
_OTHERWISE = {
    "already": N_("уже было так: {n}"),
    "closed": N_("уже закрыто: {n}"),
    "unknown": N_("недоступно: {n}"),
}


class BulkForm(Frozen):
    """The form around the list."""

    act: Act
    request: Annotated[list[UUID], Listed, Field(max_length=500)] = Field(default_factory=list)
    assignee: UUID | Literal["chat", ""] = ""
    back: Annotated[str, Field(max_length=2000)] = ""


class Outcome(Frozen):
    """What became of one."""

    outcome: Literal["done", "already", "closed", "unknown"]


_OUTCOMES = TypeAdapter(list[Outcome])


@post("/requests/bulk", opt={"tier": MEDIUM})
async def act_on_requests(me: Me, data: URLEncodedBody[BulkForm]) -> Redirect:
    """Do one thing to all that were ticked, and lead back to the list as it was filtered."""
    back = Filters.parse(data.back).here
    if not data.request:
        return go(back, _("Сначала отметьте обращения."))
    if data.act == "assign" and not data.assignee:
        return go(back, _("Сначала выберите, кому передать."))
    return go(back, await act(me, data.act, data.request, data.assignee))


async def act(me: SignedIn, act: Act, requests: list[UUID], assignee: UUID | Literal["chat", ""] = "") -> str:
    """Do it, and return the sentence that says what became of each."""
    given = {"assignee": str(assignee)} if isinstance(assignee, UUID) else {}
    told = await me.database.call("act_on_requests", requests=[str(one) for one in requests], act=act, **given)
    return told_of(act, Counter(one.outcome for one in _OUTCOMES.validate_python(told)))


def told_of(act: Act, outcomes: Mapping[str, int]) -> str:
    """Return «Взято в работу: 12, уже закрыто: 1.»."""
    done = outcomes.get("done", 0)
    others = [_(words).format(n=number(outcomes[name])) for name, words in _OTHERWISE.items() if outcomes.get(name)]
    first = [_(_DONE[act]).format(n=number(done))] if done or not others else []
    sentence = ", ".join(first + others)
    return sentence[0].upper() + sentence[1:] + "."
