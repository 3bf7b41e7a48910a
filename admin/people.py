"""Who is asking: the signed-in person behind a request, and the database as that person sees it."""

from collections.abc import Container
from typing import Any, Literal
from uuid import UUID

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from pydantic import TypeAdapter

from admin.auth import Login
from admin.models import Frozen
from admin.services import Services
from admin.sessions import Session
from admin.visitors import address_of
from infra.caching import CHANGES, announcing
from infra.supabase import Database, Refused
from infra.words import N_, _, speak_on

log = structlog.get_logger()

Role = Literal["admin", "manager", "accountant", "observer"]
Reason = Literal["expired", "deactivated", "role_changed"]

ROLE_WORDS: dict[Role, str] = {
    "admin": N_("администратор"),
    "manager": N_("менеджер"),
    "accountant": N_("бухгалтер"),
    "observer": N_("наблюдатель"),
}
MANAGERS: frozenset[Role] = frozenset({"admin", "manager"})
ADMINS: frozenset[Role] = frozenset({"admin"})
# Of a handler that reads as whoever asks before it answers, whatever is asked: the database refuses whoever left, so
# that their row need not be read beforehand. All other handlers have it read each time.
ASKS = {"asks": True}
# PostgREST no longer takes the token: it ended, its key was withdrawn, or whose it is may not come in any more.
_TOKEN_REFUSALS = frozenset({"PGRST301", "PGRST302", "PGRST303", "PT401"})
_NOT_OF_THE_FIRM = "not_of_the_firm"


# Header of requests that an open page makes by itself (static/js/live.js).
_BY_ITSELF = "x-by-itself"


class SignInNeeded(Exception):  # noqa: N818 (reads as what happened)
    """Nobody is signed in; `reason` says why somebody who was, is not any more."""

    def __init__(self, reason: Reason | None = None) -> None:
        super().__init__(reason)
        self.reason = reason


class Person(Frozen):
    """A row of `api.users`."""

    id: UUID
    email: str
    full_name: str | None
    role: Role
    active: bool
    locale: str

    @property
    def name(self) -> str:
        """What the person is called on the page."""
        return self.full_name or self.email

    @property
    def role_word(self) -> str:
        """The role in words."""
        return _(ROLE_WORDS[self.role])


class SignedIn:
    """The person of this request, the database under that person's own token, and the session that carries it."""

    def __init__(self, person: Person, database: Database, session_id: str, session: Session) -> None:
        self.person, self.database = person, database
        self.session_id, self.session = session_id, session


_PEOPLE = TypeAdapter(list[Person])


async def read_person(database: Database, user_id: UUID) -> Person | None:
    """Return the active person with this id, or none. Raises what `Database` raises."""
    columns = ",".join(Person.model_fields)
    found = _PEOPLE.validate_python(await database.read("users", columns, id=str(user_id)))
    return found[0] if found and found[0].active else None


def refuse_all_but(me: SignedIn, roles: Container[Role]) -> None:
    """Keep a page to these roles, where the database would only show it empty. Raises `Refused`."""
    if me.person.role not in roles:
        raise Refused("not_allowed", "42501")


def database_of(services: Services, login: Login, asked: ASGIConnection[Any, Any, Any, Any]) -> Database:
    """Return schema `api` as the person of this login, who asks by this request; it keeps a refusal of rights.

    A call raises `SignInNeeded`, too: `private.check_request` refuses whoever is of the firm no more.
    """
    announce = announcing(services.said)

    def keep(refusal: Refused) -> None:
        if refusal.code in _TOKEN_REFUSALS:
            services.people.forget()
            raise SignInNeeded("deactivated" if refusal.key == _NOT_OF_THE_FIRM else "expired") from refusal
        if refusal.is_of_rights:
            asked.state.refusal = refusal

    def tell(function: str) -> None:
        for topic in CHANGES.get(function, ()):
            services.people.hear(topic)
        announce(function)

    url, key, address = services.settings.supabase, services.settings.supabase_anon_key, address_of(asked)
    return Database(services.http, url, key, login.access_token, address=address, on_refusal=keep, on_call=tell)


def is_in_use(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Say whether a person asks, and not the open page by itself: only that keeps a session from idling out."""
    return _BY_ITSELF not in connection.headers


async def signed_in(request: Request[Any, Any, Any], services: NamedDependency[SkipValidation[Services]]) -> SignedIn:
    """Return who is asking. Raises `SignInNeeded`.

    Whoever is deactivated is out with the next click, not when a token ends: their row is read each time, or the
    database refuses what the page reads (`ASKS`).
    """
    session_id = services.cookie.read(request)
    if not session_id:
        raise SignInNeeded
    # Looked up already when the request was counted; a second look would only wait for Redis once more.
    if failure := request.state.get("session_failure"):
        raise failure
    session = request.state.get("session") or await services.sessions.find(session_id, in_use=is_in_use(request))
    request.state.session = session
    if session is None:
        raise SignInNeeded(await services.sessions.why_ended(session_id) or "expired")
    database = database_of(services, session.login, request)
    try:
        may_know = ASKS.keys() <= request.route_handler.opt.keys()
        person = await _person(services, database, session.login.person_id, may_know=may_know)
    except SignInNeeded as needed:
        if needed.reason == "deactivated":
            await services.sessions.end(session_id)
            log.info("session_ended", user_id=session.login.person_id, reason=needed.reason)
        raise
    speak_on(person.locale)
    # For the page of an error, which asks nobody anything.
    me = request.state.me = SignedIn(person, database, session_id, session)
    return me


async def _person(services: Services, database: Database, person_id: UUID, *, may_know: bool) -> Person:
    known: Person | None = services.people.find(person_id) if may_know else None
    if known:
        return known
    times_forgotten = services.people.times_forgotten
    person = await read_person(database, person_id)
    if person is None:
        raise SignInNeeded("deactivated")
    services.people.keep(person_id, person, times_forgotten)
    return person
