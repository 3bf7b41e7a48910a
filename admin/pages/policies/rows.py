"""Policies, their ladders and versions, as the database hands them over."""

from uuid import UUID

from pydantic import AwareDatetime

from admin.alert_kinds import AlertKind
from admin.models import Frozen
from admin.tiers import Tier, tier_word
from infra.words import N_

RESOLVER_WORDS = {
    "owner": N_("ответственный или замещающий"),
    "manager": N_("его менеджер"),
    "head": N_("руководитель фирмы"),
    "internal_chat": N_("внутренний чат фирмы"),
}


class Step(Frozen):
    """A step of a ladder; recipients are resolvers, or ids of people."""

    kind: AlertKind
    level: int = 0
    after_minutes: int | None = None
    recipients: list[str]


class Policy(Frozen):
    """A row of `api.policy_list`."""

    id: UUID
    name: str
    tier: Tier | None
    version: int
    target_minutes: int
    warn_percent: int
    around_the_clock: bool
    is_default: bool
    steps: list[Step]
    chats: int

    @property
    def tier_word(self) -> str:
        """For whose clients it is."""
        return tier_word(self.tier)


class Version(Frozen):
    """What a policy said in one of its versions."""

    version: int
    made_at: AwareDatetime
    made_by: str | None
    target_minutes: int
    warn_percent: int
    around_the_clock: bool
    steps: list[Step]


class Chat(Frozen):
    """A chat to try the policy with; its own are those that count by it."""

    id: UUID
    name: str
    own: bool


class Person(Frozen):
    """Somebody whom a step may name."""

    id: UUID
    name: str
    active: bool
    reachable: bool


class Page(Frozen):
    """What `api.policy_page` returns."""

    policy: Policy
    versions: list[Version]
    stale: int
    chats: list[Chat]
    people: list[Person]
    tiers: dict[str, str]


class Told(Frozen):
    """Who would hear of a step, and when the person's quiet hours end, if it falls into them."""

    name: str | None
    quiet_until: AwareDatetime | None


class TriedStep(Frozen):
    """A step of the test box."""

    kind: AlertKind
    level: int
    at: AwareDatetime | None
    people: list[Told]


class Trial(Frozen):
    """What `api.try_policy` returns."""

    chat_name: str
    schedule: str
    timezone: str
    target_minutes: int
    opened_at: AwareDatetime
    warn_at: AwareDatetime | None
    due_at: AwareDatetime | None
    is_open: bool
    steps: list[TriedStep]


class TestAlert(Frozen):
    """A row of `api.test_alerts`."""

    id: UUID
    recipient: str
    status: str
    reason: str | None
    created_at: AwareDatetime
    sent_at: AwareDatetime | None

    @property
    def is_under_way(self) -> bool:
        """Assert that its fate is still open."""
        return self.status in {"pending", "sending"}
