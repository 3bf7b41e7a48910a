"""The chats of a client as its page shows them."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from admin.lights import Light, light_word


class Chat(BaseModel):
    """A chat with its light, or one that is nobody's."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

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
