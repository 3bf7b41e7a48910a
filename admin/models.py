"""What the models of the admin have in common: rows that were read and forms that were typed."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# A select of which nothing was chosen sends an empty text.
Chosen = Annotated[UUID | None, BeforeValidator(lambda value: value or None)]
Typed = Annotated[str, Field(max_length=200)]
# A field that a form may send once, often or never.
Listed = BeforeValidator(_listed)
TypedList = Annotated[list[Typed], Listed, Field(max_length=500)]
NONE: list[str] = []


class Frozen(BaseModel):
    """Nobody changes it, and no error of it repeats what somebody typed. What it does not name is left out."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Tried(Frozen):
    """A form that shows what it would do before it does it; `do` is the button that was pressed."""

    do: Typed = "preview"

    @property
    def is_preview(self) -> bool:
        """Assert that nothing is to be kept yet."""
        return self.do != "save"


class PutAway(Frozen):
    """The form that puts something away, or back."""

    archived: bool = True
