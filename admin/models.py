"""What the forms of the admin have in common."""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator

# A select of which nothing was chosen sends an empty text.
Chosen = Annotated[UUID | None, BeforeValidator(lambda value: value or None)]
