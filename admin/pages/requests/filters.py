"""What of the work list is asked for: read from the address, said as chips, and an address again."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from pydantic import AwareDatetime, Field

from admin.filters import Address
from admin.keyset import Cursor, Whole
from admin.outcomes import OUTCOMES
from admin.tiers import Tier, tier_word
from infra.words import N_, _

PATH = "/requests"

State = Literal["open", "overdue", "at_risk", "waiting", "closed", "answered", "met", "met_late", "excused", "voided"]

OPEN: tuple[State, ...] = ("overdue", "at_risk", "waiting")
CLOSED: tuple[State, ...] = ("met", "met_late", "excused", "voided")
# What may be chosen, in order; the first of each half is the whole half.
STATE_WORDS: dict[State, str] = {
    "open": N_("Ожидают ответа"),
    "overdue": OUTCOMES["overdue"],
    "at_risk": OUTCOMES["at_risk"],
    "waiting": N_("Ждут"),
    "closed": N_("Все закрытые"),
    "answered": N_("Отвечено"),
    "met": OUTCOMES["met"],
    "met_late": OUTCOMES["met_late"],
    "excused": OUTCOMES["excused"],
    "voided": OUTCOMES["voided"],
}


class Chip(NamedTuple):
    """A filter that is on, and where it is off."""

    words: str
    without: str


# By what the two halves are ordered.
_OPEN_PLACE = {"as_of": AwareDatetime, "seconds_left": Whole, "opened_at": AwareDatetime, "id": UUID}
_CLOSED_PLACE = {"decides_at": AwareDatetime, "id": UUID}


class Filters(Address):
    """The query of the address."""

    state: State = "open"
    chat: UUID | None = None
    owner: Literal["me", "nobody"] | UUID | None = None
    tier: Tier | None = None
    since: date | None = None
    until: date | None = None
    q: str = Field(default="", max_length=100)
    after: str = Field(default="", max_length=1000)

    @classmethod
    def parse(cls, query: str) -> Self:
        """Return the filters of a query as it is written."""
        return cls.read(dict(parse_qsl(query)))

    @property
    def is_open(self) -> bool:
        """Assert that those are asked for who wait."""
        return self.state in ("open", *OPEN)

    @property
    def query(self) -> str:
        """What stands behind the «?», without the page."""
        return self._written(exclude={"after"})

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The same as fields of a form."""
        return parse_qsl(self.query)

    @property
    def address(self) -> str:
        """Where this is shown, from the first row on."""
        return _address(self.query)

    @property
    def query_here(self) -> str:
        """What stands behind the «?» of this very page."""
        return self._written()

    @property
    def here(self) -> str:
        """Where this very page is shown."""
        return _address(self.query_here)

    def but(self, **changes: Any) -> Self:
        """Return the same with changes, from the first row on."""
        return self.model_copy(update={"after": "", **changes})

    def arguments(self) -> dict[str, Any]:
        """Return what `api.find_requests` takes."""
        kept = self.model_dump(mode="json", exclude={"q", "after"}, exclude_none=True)
        return {**kept, "words": self.q or None, "after": Cursor.place(self.after, **self._kinds) or None}

    def next_page(self, place: Mapping[str, Any] | None) -> str | None:
        """Return the address of the page that begins after this place, as the database gave it."""
        if place is None:
            return None
        return self.model_copy(update={"after": Cursor.write([place[name] for name in self._kinds])}).here

    def chips(self, names: Mapping[str, str | None]) -> Iterator[Chip]:
        """Yield what is on; `names` are those of the chat and of the owner."""
        if self.state not in ("open", "closed"):
            yield Chip(_(STATE_WORDS[self.state]), self.but(state="open" if self.is_open else "closed").address)
        for name, words in self._said(names):
            yield Chip(words, self.but(**{name: None}).address)
        if self.q:
            yield Chip(f"«{self.q}»", self.but(q="").address)

    def _said(self, names: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
        if self.chat:
            yield "chat", _("Чат: {name}").format(name=names.get("chat") or _("неизвестен"))
        if self.owner == "me":
            yield "owner", _("Мои")
        elif self.owner == "nobody":
            yield "owner", _("Без ответственного")
        elif self.owner:
            yield "owner", _("Отвечает: {name}").format(name=names.get("owner") or _("неизвестно"))
        if self.tier:
            yield "tier", _("Клиенты: {tier}").format(tier=tier_word(self.tier))
        if self.since:
            yield "since", _("с {day}").format(day=f"{self.since:%d.%m.%Y}")
        if self.until:
            yield "until", _("по {day}").format(day=f"{self.until:%d.%m.%Y}")

    def _written(self, exclude: set[str] | None = None) -> str:
        return urlencode(self.model_dump(mode="json", exclude_defaults=True, exclude=exclude))

    @property
    def _kinds(self) -> dict[str, Any]:
        return _OPEN_PLACE if self.is_open else _CLOSED_PLACE


def _address(query: str) -> str:
    return f"{PATH}?{query}" if query else PATH
