"""One's own Telegram account: a link to the bot that ties it, and how to untie it."""

from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect, Template
from pydantic import AwareDatetime, TypeAdapter

from admin.models import Frozen
from admin.people import SignedIn
from admin.qr import picture_of
from admin.rendering import is_fragment, show
from admin.throttling import MEDIUM

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


class Account(Frozen):
    """One's own row of `api.users`."""

    id: UUID
    telegram_id: int | None
    telegram_username: str | None


class Link(Frozen):
    """What `api.telegram_link` returns; the bot has no name before its first start."""

    token: str
    expires_at: AwareDatetime
    bot_username: str | None

    @property
    def address(self) -> str | None:
        """Where the link leads."""
        return f"https://t.me/{self.bot_username}?start=verify_{self.token}" if self.bot_username else None

    @property
    def picture(self) -> str | None:
        """The same, to be read by a phone's camera."""
        return picture_of(self.address) if self.address else None


_ACCOUNTS = TypeAdapter(list[Account])
_LINKS = TypeAdapter(list[Link])


@get("/profile/telegram")
async def show_telegram(request: AnyRequest, me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Show whether an account is tied; only the fragment to htmx."""
    return await _page(request, me)


@post("/profile/telegram", opt={"tier": MEDIUM})
async def link_telegram(request: AnyRequest, me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Show the link to the bot; asked again while it is good, it is the same one."""
    [link] = _LINKS.validate_python(await me.database.call("telegram_link"))
    log.info("telegram_link_given", user_id=me.person.id)
    return await _page(request, me, link)


@post("/profile/telegram/unlink", opt={"tier": MEDIUM})
async def unlink_telegram(me: NamedDependency[SkipValidation[SignedIn]]) -> Response[Any]:
    """Untie one's account."""
    await me.database.call("unlink_telegram")
    log.info("telegram_unlinked", user_id=me.person.id, person_id=me.person.id)
    return Redirect("/profile/telegram", status_code=303)


async def _page(request: AnyRequest, me: SignedIn, link: Link | None = None) -> Template:
    columns = ",".join(Account.model_fields)
    [account] = _ACCOUNTS.validate_python(await me.database.read("users", columns, id=str(me.person.id)))
    name = "pages/profile/_telegram_account.html" if is_fragment(request) else "pages/profile/telegram.html"
    return show(request, me, name, account=account, link=link)
