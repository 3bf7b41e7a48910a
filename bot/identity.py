"""Who speaks to the bot: a person of the firm with a role, or somebody else."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal
from uuid import UUID

from aiogram import BaseMiddleware
from aiogram.filters import Filter
from aiogram.types import TelegramObject, User
from pydantic import BaseModel, ConfigDict

from infra.supabase import Database
from infra.words import speaking

Role = Literal["admin", "manager", "accountant", "observer"]
Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Person(BaseModel):
    """Whoever wrote or pressed, as `api.identify` knows them; no role for whom the firm does not employ."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    telegram_id: int
    user_id: UUID | None = None
    role: Role | None = None
    full_name: str | None = None
    locale: str
    timezone: str


class Identify(BaseMiddleware):
    """Hands `person` to handlers, and has everything that they say said in the person's language."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the event as said or pressed by its person; an event of nobody in particular has none."""
        user: User | None = data.get("event_from_user")
        if user is None:
            return await handler(event, data)
        person = Person.model_validate(
            await self._database.call("identify", telegram_id=user.id, language=user.language_code)
        )
        with speaking(person.locale):
            return await handler(event, {**data, "person": person})


class Is(Filter):
    """Lets through whoever has one of these roles. What a role may do is decided in SQL all the same."""

    def __init__(self, *roles: Role) -> None:
        self._roles = roles

    async def __call__(self, _: TelegramObject, person: Person | None = None) -> bool:
        """Say whether the person has one of the roles."""
        return person is not None and person.role in self._roles
