"""What a list is narrowed to: fields of a form that stand in the address, where an empty one asks for nothing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from litestar import Request
from pydantic import Field, ValidationError

from admin.models import Frozen
from admin.times import Wall

AnyRequest = Request[Any, Any, Any]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class Address(Frozen):
    """The query of an address. What makes no sense in it counts as not said, and the rest stands."""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Return what a query says, field by field."""
        said = {name: value.strip() for name, value in query.items() if value.strip()}
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            odd = {place["loc"][0] for place in error.errors()}
            return cls.model_validate({name: value for name, value in said.items() if name not in odd})

    @classmethod
    def of(cls, request: AnyRequest) -> Self:
        """Return what the address of a request says."""
        return cls.read(request.query_params)


class Filters(Address):
    """The fields of one list; `after` is where a page of it begins."""

    after: str = ""

    @property
    def given(self) -> dict[str, Any]:
        """What is asked for, as the address has it."""
        return {name: value for name, value in self.model_dump(mode="json", exclude={"after"}).items() if value}

    @property
    def query_here(self) -> str:
        """What stands behind the «?» of this very page."""
        return urlencode({**self.given, **({"after": self.after} if self.after else {})})

    def address(self, path: str, **changes: str | None) -> str:
        """Return the address of this list with some fields set to something else; it begins at its beginning."""
        fields = {**self.given, **changes}
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{path}?{query}" if query else path


class Period(Filters):
    """A list of what happened: between two days of the reader, both included."""

    since: Day | None = None
    until: Day | None = None

    @staticmethod
    def wall(request: AnyRequest) -> Wall:
        """Return the clock of the reader, by whose days it is asked."""
        return Wall(request.cookies.get("zone"), datetime.now(UTC))

    def bounds(self, request: AnyRequest) -> dict[str, str]:
        """Return the first instant of the period, and the first after it, where the reader is."""
        zone = self.wall(request).zone
        until = self.until + timedelta(days=1) if self.until else None
        days = {"since": self.since, "until": until}
        return {name: datetime.combine(day, time(), tzinfo=zone).isoformat() for name, day in days.items() if day}
