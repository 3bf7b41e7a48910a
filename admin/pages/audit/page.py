"""`/audit`: who did what to which row, what it was before and after, and that nobody bent the record since."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from pydantic import AwareDatetime, Field

from admin.colleagues import Offering, offer
from admin.filters import Period
from admin.keyset import Cursor, Whole, cut
from admin.models import Frozen
from admin.pages.audit.words import ACTION_WORDS, ENTITY_WORDS, field_words
from admin.people import ADMINS, ASKS, SignedIn, refuse_all_but
from admin.rendering import show
from infra.supabase import Unavailable
from infra.words import _

Me = NamedDependency[SkipValidation[SignedIn]]
AnyRequest = Request[Any, Any, Any]
Record = dict[str, Any]

_LONG = 120
# As Postgres writes an instant into JSON: always in UTC there.
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00$")
# What the log has in the place of what it does not keep.
HIDDEN = "[hidden]"


class Difference(NamedTuple):
    """A field before and after; `is_long` values are folded."""

    name: str
    before: str | None
    after: str | None
    is_long: bool


class Entry(Frozen):
    """An entry of the log; `seal` is the number of the seal over it, none for the few seconds until it has one."""

    id: int
    happened_at: AwareDatetime
    actor_id: UUID | None
    actor_name: str | None
    actor_role: str | None
    action: str
    entity: str
    entity_id: str
    before: Record | None
    after: Record | None
    changed: list[str] | None
    details: Record | None
    request_id: str | None
    address: str | None
    seal: int | None

    @property
    def who(self) -> str:
        """Whose act it was."""
        return self.actor_name or (_("удалённый сотрудник") if self.actor_id else _("система"))

    @property
    def action_words(self) -> str:
        """What was done."""
        return _(ACTION_WORDS[self.action]) if self.action in ACTION_WORDS else self.action

    @property
    def entity_words(self) -> str:
        """To what kind of row."""
        return _(ENTITY_WORDS[self.entity]) if self.entity in ENTITY_WORDS else self.entity

    @property
    def subject(self) -> str | None:
        """What the row is called."""
        row = self.after or self.before or {}
        names = ("chat_name", "full_name", "title", "question", "name")
        return next((str(row[name]) for name in names if row.get(name) not in {None, "", HIDDEN}), None)


class Head(Frozen):
    """The last seal: the anchor that an operator verifies the chain against."""

    number: int
    hash: str | None
    sealed_at: AwareDatetime | None
    unsealed: int
    unsealed_since: AwareDatetime | None


class Page(Offering):
    """What `api.audit_page` answers."""

    head: Head | None
    names: dict[str, str]
    entries: list[Entry]

    def differences(self, entry: Entry) -> list[Difference]:
        """Return the fields that an entry is about, those that are set for a new row, in the order of their names."""
        return list(self._differences(entry))

    def _differences(self, entry: Entry) -> Iterator[Difference]:
        before, after = entry.before or {}, entry.after or {}
        for name in entry.changed or sorted({*before, *after}):
            old, new = self._words(before.get(name)), self._words(after.get(name))
            if old is not None or new is not None:
                yield Difference(field_words(name), old, new, max(len(old or ""), len(new or "")) > _LONG)
        for name, value in (entry.details or {}).items():
            if (words := self._words(value)) is not None:
                yield Difference(field_words(name), None, words, len(words) > _LONG)

    def _words(self, value: Any) -> str | None:
        """Return a value as people read it; ids as the names that they stand for."""
        match value:
            case None | "" | [] | {}:
                return None
            case bool():
                return _("да") if value else _("нет")
            case str() if _INSTANT.match(value):
                return f"{datetime.fromisoformat(value):%d.%m.%Y %H:%M:%S} UTC"
            case str():
                return _("скрыто") if value == HIDDEN else self.names.get(value, value)
            case list() | dict():
                return json.dumps(value, ensure_ascii=False, indent=1)
        return str(value)


class Asked(Period):
    """The filters of the list."""

    actor: UUID | None = None
    entity: str | None = Field(None, max_length=60)
    entity_id: str | None = Field(None, max_length=200)
    action: str | None = Field(None, max_length=60)
    request: str | None = Field(None, max_length=64)


@get("/audit", opt=ASKS)
async def show_audit(request: AnyRequest, me: Me) -> Response[Any]:
    """Show the log."""
    refuse_all_but(me, ADMINS)
    asked = Asked.of(request)
    context: dict[str, Any] = {"asked": asked, "actions": ACTION_WORDS, "entities": ENTITY_WORDS}
    try:
        found = await me.database.call(
            "audit_page",
            **{**asked.model_dump(mode="json", exclude={"after", "since", "until"}), **asked.bounds(request)},
            **Cursor.place(asked.after, before_id=Whole),
        )
        page = Page.model_validate(found)
        words = request.query_params.get("find", "")
        context["offer"] = await offer(me.database, page, "everybody", asked.actor, words=words)
    except Unavailable:
        return show(request, me, "pages/audit/page.html", 503, page=None, entries=[], more_at=None, **context)
    entries, after = cut(page.entries, lambda entry: (entry.id,))
    more_at = asked.address("/audit", after=after) if after else None
    return show(request, me, "pages/audit/page.html", page=page, entries=entries, more_at=more_at, **context)
