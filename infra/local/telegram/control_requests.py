"""The bodies of the control API. All of them refuse fields they do not know."""

import base64
import binascii
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from infra.local.telegram.errors import ControlError
from infra.local.telegram.happenings import Context
from infra.local.telegram.simulator import now
from infra.local.telegram.world import MediaKind, Status

# The day Telegram began, and 2100: a slip of a factor of 1000 (milliseconds) is not a date.
_DATES = (1_376_000_000, 4_102_444_800)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _When(_Asked):
    """Telegram's date of what happens: `date` in unix seconds, or `minutes_ago`, or now."""

    date: int | None = Field(default=None, ge=_DATES[0], le=_DATES[1])
    minutes_ago: float | None = Field(default=None, ge=-60 * 24 * 366, le=60 * 24 * 366 * 10)

    @property
    def at(self) -> int:
        if self.date is not None and self.minutes_ago is not None:
            raise ControlError("give date or minutes_ago, not both")
        return self.date if self.date is not None else now() - round((self.minutes_ago or 0) * 60)


class _Writing(_When):
    user_id: int
    chat_id: int
    topic_id: int | None = None
    reply_to: int | None = None
    quote: str | None = None
    media_group_id: str | None = None
    forwarded_from: int | None = None
    sender_chat_id: int | None = None

    @property
    def context(self) -> Context:
        return Context(
            date=self.at,
            topic_id=self.topic_id,
            reply_to=self.reply_to,
            quote=self.quote,
            media_group_id=self.media_group_id,
            forwarded_from=self.forwarded_from,
            sender_chat_id=self.sender_chat_id,
        )


def _as_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    return value


class Say(_Writing):
    text: str = Field(min_length=1, max_length=4096)


class Send(_Writing):
    kind: MediaKind
    caption: str | None = Field(default=None, max_length=1024)
    file_name: str | None = None
    emoji: str = "👍"
    content_base64: Annotated[str, AfterValidator(_as_base64)] | None = None


class OfMessage(_Asked):
    chat_id: int
    message_id: int


class Edit(_When):
    user_id: int
    chat_id: int
    message_id: int
    text: str = Field(min_length=1, max_length=4096)


class React(_When):
    user_id: int
    chat_id: int
    message_id: int
    emoji: list[str] = Field(max_length=3)


class Press(_Asked):
    user_id: int
    chat_id: int
    message_id: int
    button: str | int


class Start(_Asked):
    user_id: int
    payload: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_-]*$")


class OfPerson(_Asked):
    user_id: int


class PutPerson(_Asked):
    """Make a person, or change what is given."""

    user_id: int
    first_name: str | None = Field(default=None, min_length=1)
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    role: str | None = None
    is_bot: bool | None = None
    started: bool | None = None
    deactivated: bool | None = None


class PutChat(_Asked):
    """Make a group quietly, without the updates that its founding would cause."""

    chat_id: int = Field(lt=0)
    title: str = Field(min_length=1)
    members: dict[int, Status] = Field(default_factory=dict)
    bot_status: Status = "administrator"
    is_forum: bool = False


class Member(_Asked):
    chat_id: int
    user_id: int
    status: Status
    by: int | None = None


class AddBot(_Asked):
    chat_id: int
    by: int
    status: Status = "member"
    payload: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9_-]*$")


class RemoveBot(_Asked):
    chat_id: int
    by: int
    status: Status = "kicked"


class Title(_Asked):
    chat_id: int
    user_id: int
    title: str = Field(min_length=1, max_length=128)


class NewTopic(_Asked):
    chat_id: int
    user_id: int
    name: str = Field(min_length=1, max_length=128)


class CloseTopic(_Asked):
    chat_id: int
    user_id: int
    topic_id: int
    closed: bool = True


class Migrate(_Asked):
    chat_id: int
    new_chat_id: int | None = None


class Connect(_Asked):
    """Connect the bot to a person's Telegram Business account, or disconnect it."""

    user_id: int
    is_enabled: bool = True


class _OfBusinessChat(_When):
    connection_id: str
    chat_id: int = Field(gt=0)


class BusinessSay(_OfBusinessChat):
    """Write in a chat of the account with somebody, as one of the two."""

    user_id: int
    text: str = Field(min_length=1, max_length=4096)


class BusinessEdit(BusinessSay):
    message_id: int


class BusinessDelete(_OfBusinessChat):
    message_ids: list[int] = Field(min_length=1, max_length=100)


class LimitSwitch(_Asked):
    on: bool


class RawUpdate(_Asked):
    """Any update as it is, for kinds the simulator has no word for."""

    kind: str
    chat_id: int = 0
    payload: dict[str, Any]


class Empty(_Asked):
    pass
