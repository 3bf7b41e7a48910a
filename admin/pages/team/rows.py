"""What the page shows: people and invitations as the database gives them, and their words."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter

from admin.filters import Filters
from admin.models import Frozen
from admin.people import ROLE_WORDS, Role
from infra.words import N_, _

UNREACHABLE_WORDS = {
    "blocked": N_("заблокировал бота"),
    "deleted": N_("аккаунт удалён"),
    "not_started": N_("не начал разговор с ботом"),
}
WHO_WORDS = {"unlinked": N_("кому бот не может написать"), "inactive": N_("доступ отключён")}
STATE_WORDS = {"live": N_("ждёт ответа"), "expired": N_("срок истёк")}

REASONS = {
    "email_is_wrong": N_("Почта написана с ошибкой"),
    "name_is_missing": N_("Имя: от 1 до 200 знаков в одну строку"),
    "role_is_unknown": N_("Такой роли нет"),
    "role_is_not_yours_to_give": N_("Эту роль может дать только администратор"),
    "telegram_name_is_wrong": N_("Имя в Telegram: латинские буквы, цифры и _, от 4 до 32 знаков"),
    "email_repeats": N_("Эта почта уже есть в списке выше"),
    "person_exists": N_("Такой сотрудник уже есть"),
    "manager_is_unknown": N_("Менеджера с такой почтой нет"),
    "invited_as_another": N_("Уже приглашён с другой ролью: сначала отзовите то приглашение"),
    "invited_by_another": N_("Уже приглашён другим человеком"),
}
OUTCOMES = {
    "invited": N_("Будет приглашён"),
    "already_invited": N_("Уже приглашён, ссылка та же"),
    "refused": N_("Ошибка"),
}


class Member(Frozen):
    """A row of `api.team`."""

    id: UUID
    full_name: str
    email: str
    role: Role
    active: bool
    telegram_linked: bool
    telegram_username: str | None
    unreachable_because: str | None
    chats: int
    may_change: bool

    @property
    def role_word(self) -> str:
        """The role in Russian."""
        return _(ROLE_WORDS[self.role])

    @property
    def unreachable_word(self) -> str:
        """Why the bot cannot write to the person; empty when it can."""
        return _(word) if (word := UNREACHABLE_WORDS.get(self.unreachable_because or "")) else ""


class Found(Frozen):
    """What `api.list_team` answers."""

    total: int
    rows: list[Member]


class Asked(Filters):
    """The filters of the list."""

    q: str = Field(default="", max_length=200)
    who: Literal["unlinked", "inactive"] | None = None

    @property
    def here(self) -> str:
        """Where this very page is shown; what is done on it leads back to it."""
        return self.address("/team", after=self.after)


class Standing(Frozen):
    """A row of `api.staff_invitations` that has not been used or revoked; the token is there while it is live."""

    id: UUID
    email: str
    full_name: str
    role: Role
    invited_by_name: str | None
    expires_at: AwareDatetime
    state: Literal["live", "expired"]
    token: str | None

    @property
    def role_word(self) -> str:
        """The role in Russian."""
        return _(ROLE_WORDS[self.role])

    @property
    def state_word(self) -> str:
        """The state in Russian."""
        return _(STATE_WORDS[self.state])


class Judged(Frozen):
    """A row of the answer of `api.invite_staff`."""

    line: int
    email: str | None
    full_name: str | None
    role: str | None
    outcome: Literal["invited", "already_invited", "refused"]
    reason: str | None

    @property
    def words(self) -> str:
        """What becomes of the row, in Russian."""
        return _(REASONS[self.reason] if self.reason else OUTCOMES[self.outcome])

    @property
    def role_word(self) -> str:
        """The role in Russian, or as it was written."""
        return ROLE_WORDS.get(self.role, self.role) if self.role else ""  # type: ignore[call-overload]


STANDING = TypeAdapter(list[Standing])
JUDGED = TypeAdapter(list[Judged])
