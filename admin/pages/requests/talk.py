"""The conversation around one window, a piece at a time, as `api.transcript` tells it."""

from typing import Any
from urllib.parse import urlencode

from pydantic import AwareDatetime

from admin.keyset import Cursor, Whole
from admin.message_kinds import kind_word
from admin.models import Frozen


class Version(Frozen):
    """How a message stood before an edit."""

    at: AwareDatetime
    text: str | None
    edited_at: AwareDatetime | None


class Message(Frozen):
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


def place_of(before: str, after: str) -> dict[str, Any]:
    """Return before or after which message the talk goes on, as `api.transcript` takes it; nothing where it begins."""
    side = "before" if before else "after"
    return Cursor.place(before or after, **{f"{side}_at": AwareDatetime, f"{side}_id": Whole})


class Talk(Frozen):
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
