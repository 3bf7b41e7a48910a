"""Lists that go on: a page begins after the last row of the one before, so that no row is missed or shown twice."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter
from pydantic_core import from_json, to_json, to_jsonable_python

Row = TypeVar("Row")
# What a bigint holds.
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]

PAGE = 50
MOST = 200
"""Of what does not go on: the rest is found by a word."""
_LONGEST = 1000


class Cursor:
    """Where a page begins: the values of the last row before it by which the list is ordered, newest link last.

    In an address it is opaque. One that somebody made up is no cursor: the list begins at its beginning.
    """

    @staticmethod
    def read(text: str) -> list[Any] | None:
        """Return the values behind `after=`, or none for the first page."""
        try:
            # Not Python's own: it takes halves of characters, which travel no further.
            found = from_json(base64.urlsafe_b64decode(text[:_LONGEST].encode()))
        except (ValueError, binascii.Error):
            return None
        is_plain = isinstance(found, list) and all(isinstance(value, str | int | float | None) for value in found)
        return found if is_plain else None

    @staticmethod
    def place(text: str, **kinds: Any) -> dict[str, Any]:
        """Return the values behind `after=` by name, each of its kind, as the database takes them; none made up."""
        try:
            pairs = zip(kinds.items(), Cursor.read(text) or [], strict=True)
            found = {name: TypeAdapter(kind).validate_python(value) for (name, kind), value in pairs}
        except ValueError:
            return {}
        return {name: to_jsonable_python(value) for name, value in found.items()}

    @staticmethod
    def write(values: Sequence[Any]) -> str:
        """Return what stands in the address: instants and ids as text, so that they come back exactly."""
        plain = [value if isinstance(value, str | int | float | None) else str(value) for value in values]
        return base64.urlsafe_b64encode(to_json(plain)).decode()


def cut(
    rows: Sequence[Row], keys: Callable[[Row], Sequence[Any]], size: int = PAGE
) -> tuple[Sequence[Row], str | None]:
    """Return one page of the `size + 1` rows that were read, and the cursor of the next, if there is one."""
    shown = rows[:size]
    return shown, Cursor.write(keys(shown[-1])) if len(rows) > size else None
