"""The chats of a client as its page shows them."""

from uuid import UUID

from pydantic import AwareDatetime

from admin.lights import Light, light_word
from admin.models import Frozen


class Chat(Frozen):
    """A chat with its light, or one that is nobody's."""

    id: UUID
    chat_name: str
    accountant: str | None = None
    light: Light = "off"
    fix: str | None = None
    deleted_at: AwareDatetime | None = None

    @property
    def light_word(self) -> str:
        """The light in a word."""
        return light_word(self.light)
