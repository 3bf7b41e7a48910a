"""A chat as its page shows it: what is set, what is amiss, who is in it, what was written."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from admin.figures.month import Month
from admin.keyset import PAGE
from admin.message_kinds import kind_word
from admin.models import Frozen
from admin.pages.chats.lights import Finding
from admin.tiers import Tier, tier_word
from infra.words import N_, _

RECEIPTS = {"off": N_("Не подтверждать"), "reaction": N_("Реакцией 👀"), "text": N_("Сообщением с номером")}
LOCALES = {"ru": N_("Русский"), "en": N_("Английский")}
STANDINGS = {"creator": N_("владелец"), "administrator": N_("администратор"), "restricted": N_("с ограничениями")}


class Settings(Frozen):
    """The chat's own row."""

    id: UUID
    chat_id: str
    chat_name: str
    type: str
    client_id: UUID | None
    assigned_accountant_id: UUID | None
    policy_id: UUID | None
    schedule_id: UUID | None
    sla_threshold_minutes: int | None
    monitoring_enabled: bool
    anonymous_staff: bool
    internal: bool
    connected_at: AwareDatetime | None
    paused_because: str | None
    deleted_at: AwareDatetime | None
    off_hours_reply: bool | None
    receipts: Literal["off", "reaction", "text"]
    locale: Literal["ru", "en"] | None
    asked_for_ratings: bool

    @property
    def state_word(self) -> str:
        """Whether somebody watches it."""
        if self.deleted_at:
            return _("удалён")
        if self.internal:
            return _("внутренний чат фирмы")
        if not self.connected_at:
            return _("не подключён")
        return _("под наблюдением") if self.monitoring_enabled else _("наблюдение выключено")


class Client(Frozen):
    """Whose the chat is."""

    id: UUID
    name: str
    tier: Tier

    @property
    def tier_word(self) -> str:
        """The tier in words."""
        return tier_word(self.tier)


class Named(Frozen):
    """Something chosen."""

    id: UUID
    name: str


class Terms(Frozen):
    """By what the chat is measured now."""

    policy: str
    schedule: str
    target_minutes: int
    off_hours_reply: bool


class Member(Frozen):
    """Somebody in the chat."""

    name: str
    username: str | None
    status: str
    is_bot: bool
    is_staff: bool

    @property
    def words(self) -> str:
        """What the person is there."""
        who = _("бот") if self.is_bot else _("сотрудник") if self.is_staff else _("клиент")
        return ", ".join([who, *([_(STANDINGS[self.status])] if self.status in STANDINGS else [])])


class Card(Frozen):
    """What `api.chat_card` answers."""

    chat: Settings
    client: Client | None
    owner: Named | None
    terms: Terms
    findings: list[Finding]
    figures: Month
    members: list[Member]
    segments: list[str]
    bot_username: str | None

    @property
    def amiss(self) -> list[Finding]:
        """What is to be mended, the worst first."""
        return [finding for finding in self.findings if finding.fix]

    @property
    def well(self) -> str:
        """What is in order, in one line."""
        return ", ".join(finding.words for finding in self.findings if not finding.fix)


class Choice(Frozen):
    """Something to choose; the id stays the text that it comes and goes as."""

    id: str
    name: str


class Offers(Frozen):
    """What an admin or manager may choose from: of the clients the one chosen, and those that `words` find."""

    owners: list[Choice] = Field(default_factory=list)
    policies: list[Choice] = Field(default_factory=list)
    schedules: list[Choice] = Field(default_factory=list)
    clients: list[Choice] = Field(default_factory=list)
    words: str = ""

    @property
    def has_more(self) -> bool:
        """Assert that more clients are found than are offered at once."""
        return bool(self.words) and len(self.clients) > PAGE


class Message(Frozen):
    """One message in its latest version."""

    chat_id: str
    message_id: int
    at: AwareDatetime
    author_name: str | None
    is_staff: bool
    is_bot: bool
    kind: str
    text: str | None
    edited_at: AwareDatetime | None
    has_file: bool

    @property
    def side(self) -> str:
        """Whose words they are: the page colours by it."""
        return "bot" if self.is_bot else "staff" if self.is_staff else "client"

    @property
    def kind_word(self) -> str:
        """What stands where there are no words."""
        return kind_word(self.kind, has_file=self.has_file)


class Edge(Frozen):
    """From where a transcript goes on."""

    at: str
    id: int


class Talk(Frozen):
    """What `api.find_messages` answers."""

    messages: list[Message]
    next: Edge | None
