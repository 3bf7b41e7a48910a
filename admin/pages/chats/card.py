"""A chat as its page shows it: what is set, what is amiss, who is in it, what was written."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from admin.pages.chats.lights import Finding
from admin.tiers import tier_word
from admin.times import duration
from infra.words import N_, _

KINDS = {
    "photo": N_("Фото"),
    "document": N_("Документ"),
    "voice": N_("Голосовое сообщение"),
    "video": N_("Видео"),
    "video_note": N_("Видеосообщение"),
    "audio": N_("Аудио"),
    "animation": N_("Анимация"),
    "sticker": N_("Стикер"),
    "contact": N_("Контакт"),
    "location": N_("Место на карте"),
    "poll": N_("Опрос"),
    "service": N_("Событие чата"),
}
RECEIPTS = {"off": N_("Не подтверждать"), "reaction": N_("Реакцией 👀"), "text": N_("Сообщением с номером")}
LOCALES = {"ru": N_("Русский"), "en": N_("Английский")}
STANDINGS = {"creator": N_("владелец"), "administrator": N_("администратор"), "restricted": N_("с ограничениями")}


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Settings(_Row):
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


class Client(_Row):
    """Whose the chat is."""

    id: UUID
    name: str
    tier: str

    @property
    def tier_word(self) -> str:
        """The tier in words."""
        return tier_word(self.tier)


class Named(_Row):
    """Something to choose, or chosen."""

    id: UUID
    name: str


class Terms(_Row):
    """By what the chat is measured now."""

    policy: str
    schedule: str
    target_minutes: int
    off_hours_reply: bool


class Figures(_Row):
    """Thirty days, counted as reports count (S15)."""

    n: int
    met: int
    overdue: int
    met_percent: float | None
    p50_minutes: float | None
    waiting: int

    @property
    def met_words(self) -> str:
        """The share that was answered in time, as it is written."""
        return "" if self.met_percent is None else f"{self.met_percent:g}".replace(".", ",")

    @property
    def usual_words(self) -> str:
        """How long half of the clients waited at most, in working time."""
        return "" if self.p50_minutes is None else duration(round(self.p50_minutes * 60))


class Member(_Row):
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


class Card(_Row):
    """What `api.chat_card` answers."""

    chat: Settings
    client: Client | None
    owner: Named | None
    terms: Terms
    findings: list[Finding]
    figures: Figures
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


class Offers(_Row):
    """What an admin or manager may choose from."""

    owners: list[Named] = Field(default_factory=list)
    policies: list[Named] = Field(default_factory=list)
    schedules: list[Named] = Field(default_factory=list)
    clients: list[Named] = Field(default_factory=list)


class Message(_Row):
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
        return _(KINDS[self.kind]) if self.kind in KINDS else _("Сообщение без текста")


class Edge(_Row):
    """From where a transcript goes on."""

    at: str
    id: int


class Talk(_Row):
    """What `api.find_messages` answers."""

    messages: list[Message]
    next: Edge | None
