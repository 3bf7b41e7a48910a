"""Who speaks to the bot: a person of the firm with a role, or somebody else."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Literal
from uuid import UUID

from aiogram import BaseMiddleware
from aiogram.filters import Filter
from aiogram.types import Chat, TelegramObject, User
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.content import part, storable
from bot.intake import Object
from infra.caching import Cache, Shelf
from infra.supabase import Database
from infra.words import speaking

Role = Literal["admin", "manager", "accountant", "observer"]
Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

# People in the process at once, about a kilobyte each.
REMEMBERED = 5000


class Person(BaseModel):
    """Whoever wrote or pressed, as `api.identify_all` knows them; no role for whom the firm does not employ."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    telegram_id: int
    user_id: UUID | None = None
    role: Role | None = None
    full_name: str | None = None
    locale: str
    answer_locale: str
    """The language of an answer here: the person's own in private, the group's in a group, where everybody reads it."""
    timezone: str


PEOPLE = TypeAdapter(list[Person])
_KEY = ("telegram_id", "language", "chat_id")


def identities(database: Database, shelf: Shelf) -> Cache[Person]:
    """Return the cache of `api.identify_all`, by `key_of` whoever speaks."""

    async def load(keys: Sequence[str]) -> list[Person]:
        return PEOPLE.validate_python(await database.call("identify_all", people=asked(keys)))

    return Cache(Person, load, shelf, size=REMEMBERED)


def asked(keys: Iterable[str]) -> list[dict[str, str | None]]:
    """Return the question to `api.identify_all`."""
    return [{name: value or None for name, value in zip(_KEY, key.split(":"), strict=True)} for key in keys]


def key_of(user: User, chat: Chat | None) -> str:
    """Return what makes the answer: the account, the language that Telegram shows it, and in a group the group."""
    return _key(user.id, user.language_code, None if chat is None or chat.type == "private" else chat.id)


def author_of(update: Object) -> str | None:
    """Return the same of whoever wrote a message, before aiogram has looked at it; None where that is nobody."""
    event = part(update, "message")
    author, chat = part(event, "from"), part(event, "chat")
    number, place = author.get("id"), chat.get("id")
    if not isinstance(number, int) or not isinstance(place, int):
        return None
    return _key(number, storable(author.get("language_code")), None if chat.get("type") == "private" else place)


def _key(number: int, language: str | None, group: int | None) -> str:
    # A language is data of Telegram's, and a colon in it would be a fourth part.
    return f"{number}:{(language or '').replace(':', '')}:{group or ''}"


class Identify(BaseMiddleware):
    """Hands `person` to handlers, and has everything that they say said in the reader's language."""

    def __init__(self, people: Cache[Person]) -> None:
        self._people = people

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Handle the event as said or pressed by its person; an event of nobody in particular has none."""
        user: User | None = data.get("event_from_user")
        if user is None:
            return await handler(event, data)
        person = await self._people.get(key_of(user, data.get("event_chat")))
        with speaking(person.answer_locale):
            return await handler(event, {**data, "person": person})


class Is(Filter):
    """Lets through whoever has one of these roles. What a role may do is decided in SQL all the same."""

    def __init__(self, *roles: Role) -> None:
        self._roles = roles

    async def __call__(self, _: TelegramObject, person: Person | None = None) -> bool:
        """Say whether the person has one of the roles."""
        return person is not None and person.role in self._roles
