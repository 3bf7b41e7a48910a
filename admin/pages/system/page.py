"""`/system`: how every part is and why, what waits, what was given up, and a message to try the way of alerts with."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect
from pydantic import AwareDatetime

from admin.models import Frozen
from admin.pages.system.lights import Process, lights
from admin.pages.system.words import CHECKS, FIXES, MESSAGE_WORDS
from admin.people import ADMINS, ASKS, SignedIn, refuse_all_but
from admin.rendering import is_fragment, show
from admin.services import Services
from admin.throttling import LOW, MEDIUM
from admin.toasts import go
from infra.reports import VERSION
from infra.supabase import Refused, Unavailable
from infra.telemetry import outcome
from infra.words import _

Me = NamedDependency[SkipValidation[SignedIn]]
Own = NamedDependency[SkipValidation[Services]]
AnyRequest = Request[Any, Any, Any]


class Finding(Frozen):
    """A check of the firm."""

    check: str
    state: Literal["green", "amber", "red"]
    fix: str | None
    subject: str | None
    amount: int | None
    since: AwareDatetime | None

    @property
    def words(self) -> str:
        """What is wrong, and how many of it."""
        return _(CHECKS[self.check]) + (f" ({self.amount})" if self.amount else "")

    @property
    def fix_words(self) -> str | None:
        """What mends it."""
        return _(FIXES[self.fix]) if self.fix else None


class Queue(Frozen):
    """What waits, and since when the oldest of it does; `later` waits for its time."""

    waiting: int
    later: int = 0
    oldest_at: AwareDatetime | None


class Reject(Frozen):
    """An update that could not be stored."""

    id: int
    reason: str
    at: AwareDatetime


class Rejects(Frozen):
    """How many there are, and the latest."""

    amount: int
    latest: list[Reject]


class Undelivered(Frozen):
    """A message that was given up."""

    id: UUID
    kind: str
    recipient: str | None
    subject: str | None
    last_error: str | None
    created_at: AwareDatetime

    @property
    def words(self) -> str:
        """What it was."""
        return _(MESSAGE_WORDS[self.kind])


class DeadLetters(Frozen):
    """How many there are, and the latest."""

    amount: int
    latest: list[Undelivered]


class Trial(Frozen):
    """What became of a test message."""

    status: str
    sent_at: AwareDatetime | None
    error: str | None


class Page(Frozen):
    """What `api.system_page` answers."""

    findings: list[Finding]
    processes: list[Process]
    outbox: Queue
    questions: Queue
    sweep_due_at: AwareDatetime | None
    intake_seen_at: AwareDatetime | None
    rejects: Rejects
    undelivered: DeadLetters
    calendar_until: AwareDatetime | None
    holidays_until: date | None
    postgres: str
    test: Trial | None

    @property
    def faults(self) -> list[tuple[Finding, list[str]]]:
        """What is not well, the worst first: one of each kind with the same fix, and all whom it concerns."""
        kinds: dict[tuple[bool, str, str | None], list[Finding]] = {}
        for one in self.findings:
            if one.state != "green":
                kinds.setdefault((one.state != "red", one.check, one.fix), []).append(one)
        return [
            (found[0], [one.subject for one in found if one.subject])
            for _kind, found in sorted(kinds.items(), key=lambda kind: kind[0][0])
        ]


@get("/system", opt=ASKS)
async def show_system(request: AnyRequest, me: Me, services: Own) -> Response[Any]:
    """Show how everything is, or that the database cannot be asked, with what is known without it."""
    refuse_all_but(me, ADMINS)
    return await _page(request, me, services)


@post("/system/test", opt={"tier": LOW})
async def try_alerts(request: AnyRequest, me: Me, services: Own) -> Response[Any]:
    """Owe the admin who asks a test alert, on the way that alerts go."""
    try:
        await me.database.call("send_test_alert")
    except Refused as refusal:
        if refusal.key != "nobody_to_tell":
            raise
        problem = _("Оповещение некуда отправить: сначала привяжите свой Telegram.")
        return await _page(request, me, services, status=409, problem=problem)
    return Redirect("/system", status_code=303)


@post("/system/messages/{message_id:uuid}/resend", opt={"tier": MEDIUM})
async def resend_message(me: Me, message_id: FromPath[UUID]) -> Redirect:
    """Give a message that was given up another try."""
    await me.database.call("resend_message", message_id=str(message_id))
    return go("/system", _("Сообщение снова в очереди."))


async def _page(
    request: AnyRequest, me: SignedIn, services: Services, *, status: int = 200, problem: str | None = None
) -> Response[Any]:
    page, auth, redis = await asyncio.gather(_read(me), outcome(services.auth.ping), outcome(services.redis.ping))
    processes, postgres = (page.processes, page.postgres) if page else (None, None)
    shown = lights(processes, {"auth": auth, "redis": redis}, VERSION, postgres, datetime.now(UTC))
    template = "pages/system/_state.html" if is_fragment(request) else "pages/system/page.html"
    return show(request, me, template, status if page else 503, page=page, lights=shown, problem=problem)


async def _read(me: SignedIn) -> Page | None:
    try:
        return Page.model_validate(await me.database.call("system_page"))
    except Unavailable:
        return None
