"""`/surveys`: every campaign with its state, how far it is, and what it came to."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from admin.figures.ratings import SURVEYS, Listed
from admin.pages.surveys.progress import Progress
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import is_fragment, show
from infra.supabase import Unavailable
from infra.words import average, number

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]


@get("/surveys", opt=ASKS)
async def show_surveys(request: AnyRequest, me: Me) -> Template:
    """Show them, the latest first; a list that could not be read says so and is never empty."""
    refuse_all_but(me, MANAGERS)
    template = "pages/surveys/_list.html" if is_fragment(request) else "pages/surveys/page.html"
    try:
        surveys = SURVEYS.validate_python(await me.database.call("survey_overview"))
        sending = await _progress(me, [one for one in surveys if one.status == "sending"])
    except Unavailable:
        return show(request, me, template, status=503, surveys=None, sending={})
    told: dict[str, Any] = {"surveys": surveys, "sending": sending, "number": number, "average": average}
    return show(request, me, template, **told)


async def _progress(me: SignedIn, surveys: Sequence[Listed]) -> dict[UUID, Progress]:
    found = await asyncio.gather(*(me.database.call("survey_progress", id=str(one.id)) for one in surveys))
    return {one.id: Progress.model_validate(row) for one, row in zip(surveys, found, strict=True)}
