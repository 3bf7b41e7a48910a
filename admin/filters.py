"""What a list is narrowed to: fields of a form that stand in the address, where an empty one asks for nothing."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from litestar import Request
from litestar.exceptions import ClientException
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from admin.keyset import Cursor
from admin.times import Wall

AnyRequest = Request[Any, Any, Any]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]


class Filters(BaseModel):
    """The fields of one list; `after` is where a page of it begins."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    after: str = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_asks_for_nothing(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if value != ""}

    @classmethod
    def of(cls, request: AnyRequest) -> Self:
        """Return what the address asks for. One that nobody's form could have written is refused with 400."""
        try:
            return cls.model_validate(dict(request.query_params.items()))
        except ValidationError as error:
            raise ClientException from error

    @property
    def given(self) -> dict[str, Any]:
        """What is asked for, as the address has it."""
        return {name: value for name, value in self.model_dump(mode="json", exclude={"after"}).items() if value}

    def address(self, path: str, **changes: str | None) -> str:
        """Return the address of this list with some fields set to something else; it begins at its beginning."""
        fields = {**self.given, **changes}
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{path}?{query}" if query else path

    def begins_after(self, **kinds: Any) -> dict[str, str]:
        """Return the arguments that name the last row of the page before, of these types; none on the first page."""
        found = Cursor.read(self.after) or []
        if len(found) != len(kinds):
            return {}
        try:
            pairs = zip(kinds.items(), found, strict=True)
            return {name: str(TypeAdapter(kind).validate_python(value)) for (name, kind), value in pairs}
        except ValidationError:  # made up: the list begins at its beginning
            return {}


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
