"""`/colleagues`: who has a word in the name, for a field of an open page that offers them."""

from typing import Any, Literal

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template
from pydantic import Field

from admin.colleagues import LONGEST, Among, find
from admin.filters import Address
from admin.people import SignedIn
from admin.rendering import show


class Asked(Address):
    """The word, among whom it is looked for, and the field that offers them."""

    find: str = Field(default="", max_length=LONGEST)
    among: Among = "workers"
    field: Literal["actor", "assignee", "owner", "person"] = "person"


@get("/colleagues")
async def show_colleagues(request: Request[Any, Any, Any], me: NamedDependency[SkipValidation[SignedIn]]) -> Template:
    """Show what the field offers, and what the search has come to."""
    asked = Asked.of(request)
    offer = await find(me.database, asked.among, asked.find)
    return show(request, me, "pages/colleagues/_found.html", offer=offer, field=asked.field)
