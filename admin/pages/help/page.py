"""`/help`: what people come to do, step by step, as far as their role can do it; and the keys."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from admin.navigation import destinations_of
from admin.pages.help.topics import TOPICS
from admin.people import SignedIn
from admin.rendering import show
from admin.script_words import script_words
from infra.words import _


@get("/help")
async def show_help(request: Request[Any, Any, Any], me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Show the tasks whose pages this role finds in its menu."""
    found = {place.path: place.title for _group, places in destinations_of(me.person.role) for place in places}
    pages = {"/profile/telegram": "Telegram", **found}
    topics = [topic for topic in TOPICS if me.person.role in topic.roles and set(topic.pages) <= pages.keys()]
    known = script_words()
    keys = [("Ctrl K", _("Найти страницу, чат, клиента")), *known["keys"], *known["walk"]]
    return show(request, me, "pages/help/page.html", topics=topics, pages=pages, keys=keys)
