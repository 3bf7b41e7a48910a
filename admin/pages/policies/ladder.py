"""The form of a policy: targets, and a ladder that is edited step by step with buttons, as it is typed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from admin.models import NONE, Tried, Typed, TypedList
from admin.pages.policies.rows import Policy

WARNING, BREACH = "warning", "breach"
_MOST_STEPS = 20
# How long after the step before it a new one is suggested.
_GAP_MINUTES = 30


class Rung(NamedTuple):
    """An escalation as it is typed: minutes after the deadline, and to whom."""

    after: str
    to: list[str]


class PolicyForm(Tried):
    """What the browser sends; `to` holds `<place>:<recipient>`, where a place is warning, breach, 0, 1 and so on."""

    name: Typed = ""
    tier: Typed = ""
    target: Typed = ""
    warn: Typed = ""
    always: Typed = ""
    after: TypedList = NONE
    to: TypedList = NONE

    @property
    def is_edit(self) -> bool:
        """Assert that a button of the ladder was pressed: the form comes back with it carried out, nothing is asked."""
        return self.do.partition(":")[0] in {"add", "drop", "up", "down"}

    @property
    def rungs(self) -> list[Rung]:
        """The escalations in order, with what the pressed button asked for."""
        return _edited([Rung(after, self.heard(str(place))) for place, after in enumerate(self.after)], self.do)

    def heard(self, place: str) -> list[str]:
        """Return the recipients of a step."""
        return [one.partition(":")[2] for one in self.to if one.partition(":")[0] == place and one.partition(":")[2]]

    def arguments(self) -> dict[str, Any]:
        """Return the policy as `api.save_policy` takes it; what is no number is none."""
        return {
            "name": self.name,
            "tier": self.tier or None,
            "target_minutes": _number(self.target),
            "warn_percent": _number(self.warn) or 0,
            "around_the_clock": bool(self.always),
            "steps": [
                *({"kind": kind, "recipients": self.heard(kind)} for kind in (WARNING, BREACH) if self.heard(kind)),
                *(
                    {"kind": "escalation", "level": level, "after_minutes": _number(rung.after), "recipients": rung.to}
                    for level, rung in enumerate(self.rungs, start=1)
                ),
            ],
        }


def form_of(policy: Policy) -> PolicyForm:
    """Return the form filled in with what the policy says."""
    escalations = [step for step in policy.steps if step.kind == "escalation"]
    others = [f"{step.kind}:{one}" for step in policy.steps if step.kind != "escalation" for one in step.recipients]
    return PolicyForm(
        name=policy.name,
        tier=policy.tier or "",
        target=str(policy.target_minutes),
        warn=str(policy.warn_percent),
        always="yes" if policy.around_the_clock else "",
        after=[str(step.after_minutes) for step in escalations],
        to=[*others, *(f"{place}:{one}" for place, step in enumerate(escalations) for one in step.recipients)],
    )


# What a new policy begins with, as `private.keep_policy_version` does (S13).
FRESH = PolicyForm(
    target="60",
    warn="80",
    after=["30", "60"],
    to=["warning:owner", "breach:owner", "breach:manager", "0:owner", "0:manager", "1:manager", "1:head"],
)


def named(steps: Sequence[Rung], form: PolicyForm) -> set[str]:
    """Return every recipient that the form knows."""
    return {one for rung in steps for one in rung.to} | {*form.heard(WARNING), *form.heard(BREACH)}


def _edited(rungs: list[Rung], do: str) -> list[Rung]:
    verb, _, place = do.partition(":")
    at = int(place) if place.isascii() and place.isdigit() else -1
    if verb == "add" and len(rungs) < _MOST_STEPS:
        last = _number(rungs[-1].after) if rungs else 0
        return [*rungs, Rung(str((last or 0) + _GAP_MINUTES), ["manager"])]
    if verb == "drop":
        return [rung for number, rung in enumerate(rungs) if number != at]
    other = {"up": at - 1, "down": at + 1}.get(verb, -1)
    if 0 <= at < len(rungs) and 0 <= other < len(rungs):
        # The times stay where they are: who is told changes places.
        rungs[at], rungs[other] = Rung(rungs[at].after, rungs[other].to), Rung(rungs[other].after, rungs[at].to)
    return rungs


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < len("1000000") else None
