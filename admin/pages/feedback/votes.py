"""`/feedback/votes`: what each client gave and wrote. For those who run the firm; the database tells nobody else."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template
from pydantic import AwareDatetime, Field, TypeAdapter

from admin.figures.ratings import STARS, SURVEYS
from admin.filters import Filters
from admin.keyset import PAGE, Cursor, cut
from admin.models import Frozen
from admin.pages.feedback.rows import VOTES, Vote
from admin.people import ASKS, MANAGERS, SignedIn, refuse_all_but
from admin.rendering import show

AnyRequest = Request[Any, Any, Any]
Me = NamedDependency[SkipValidation[SignedIn]]
Stars = Annotated[int, Field(ge=1, le=5)]


class Asked(Filters):
    """The filters: comments are searched, votes are counted out by their stars."""

    commented: Literal["yes", "no"] = "no"
    survey: UUID | None = None
    accountant: UUID | None = None
    client: UUID | None = None
    q: Annotated[str, Field(max_length=200)] = ""
    most: Stars | None = None
    rating: Stars | None = None

    @property
    def question(self) -> tuple[str, dict[str, Any]]:
        """The function of the database that is asked, and what it is given."""
        known = {"survey": self.survey, "accountant": self.accountant}
        parts: dict[str, Any] = {name: str(value) for name, value in known.items() if value}
        if self.commented == "yes":
            return "find_comments", {**parts, "query": self.q or None, "most": self.most}
        client = {"client": str(self.client)} if self.client else {}
        return "find_votes", {**parts, **client, "rating": self.rating}


class Person(Frozen):
    """Who may be rated."""

    id: UUID
    full_name: str | None


_PEOPLE = TypeAdapter(list[Person])


@get("/feedback/votes", opt=ASKS)
async def show_votes(request: AnyRequest, me: Me) -> Template:
    """Show them, the latest first."""
    refuse_all_but(me, MANAGERS)
    asked = Asked.of(request)
    found, surveys, people = await asyncio.gather(
        read_votes(me, asked, asked.after, PAGE + 1),
        me.database.call("survey_overview"),
        me.database.read("users", "id,full_name", order="full_name", role="accountant"),
    )
    rows, after = cut(found, lambda row: (row.created_at.isoformat(), row.id))
    return show(
        request,
        me,
        "pages/feedback/votes.html",
        rows=rows,
        asked=asked,
        surveys=[one for one in SURVEYS.validate_python(surveys) if one.has_begun],
        people=_PEOPLE.validate_python(people),
        stars_known=STARS,
        more_at=asked.address("/feedback/votes", after=after) if after else None,
    )


async def read_votes(me: SignedIn, asked: Asked, after: str, batch: int) -> list[Vote]:
    """Return a page of them. Raises what `Database` raises."""
    function, arguments = asked.question
    place = Cursor.place(after, created_at=AwareDatetime, id=UUID)
    found = await me.database.call(function, **arguments, after=place or None, batch=batch)
    return VOTES.validate_python(found)
