"""The conversation around one window, a piece at a time, as `api.transcript` tells it."""

from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from admin.keyset import Cursor
from admin.message_kinds import kind_word


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Version(_Told):
    """How a message stood before an edit."""

    at: AwareDatetime
    text: str | None
    edited_at: AwareDatetime | None


class Message(_Told):
    """A message as it stands, and how it stood before."""

    message_id: int
    at: AwareDatetime
    author: str | None
    is_staff: bool
    is_bot: bool
    kind: str
    text: str | None
    edited_at: AwareDatetime | None
    has_file: bool
    versions: list[Version]

    @property
    def side(self) -> str:
        """Who speaks: the firm, a bot or the client."""
        if self.is_bot:
            return "bot"
        return "staff" if self.is_staff else "client"

    @property
    def kind_word(self) -> str:
        """What was sent besides text."""
        return kind_word(self.kind, has_file=self.has_file)


class Place(_Told):
    """A message before or after which the talk goes on."""

    side: Literal["before", "after"]
    at: AwareDatetime
    message_id: int

    @classmethod
    def read(cls, before: str, after: str) -> "Place | None":
        """Return the place that an address names, if any; what somebody made up is none."""
        values = Cursor.read(before or after)
        if values is None or len(values) != 2:  # noqa: PLR2004 (an instant and an id)
            return None
        try:
            return cls(side="before" if before else "after", at=values[0], message_id=values[1])
        except ValidationError:
            return None

    def arguments(self) -> dict[str, Any]:
        """Return what `api.transcript` takes."""
        return {f"{self.side}_at": self.at.isoformat(), f"{self.side}_id": self.message_id}


class Talk(_Told):
    """A piece of the conversation, and whether there is more on either side."""

    chat_id: int
    messages: list[Message]
    has_earlier: bool
    has_later: bool
    belongs_from: AwareDatetime
    belongs_until: AwareDatetime

    def belongs(self, message: Message) -> bool:
        """Assert that it was said while the client waited."""
        return self.belongs_from <= message.at <= self.belongs_until

    @property
    def earlier(self) -> str | None:
        """The query of the piece before."""
        return self._query("before", self.messages[0]) if self.has_earlier and self.messages else None

    @property
    def later(self) -> str | None:
        """The query of the piece after."""
        return self._query("after", self.messages[-1]) if self.has_later and self.messages else None

    @staticmethod
    def _query(side: str, message: Message) -> str:
        return urlencode({side: Cursor.write([message.at.isoformat(), message.message_id])})
