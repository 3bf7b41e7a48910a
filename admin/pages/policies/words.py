"""Policies in words: who is told when, and what a version changed."""

from collections.abc import Iterator, Mapping, Sequence

from admin.alert_kinds import AlertKind
from admin.pages.policies.rows import RESOLVER_WORDS, Step, Version
from infra.words import N_, _, ngettext

_KINDS: Mapping[AlertKind, str] = {"warning": N_("предупреждение"), "breach": N_("срок вышел")}


def recipient(name: str, people: Mapping[str, str]) -> str:
    """Return a resolver or a person in words."""
    return _(RESOLVER_WORDS[name]) if name in RESOLVER_WORDS else people.get(name, _("бывший сотрудник"))


def minutes(count: int) -> str:
    """Return «60 минут»."""
    return ngettext("{n} минута", "{n} минут", count)


def step(kind: AlertKind, after_minutes: int | None) -> str:
    """Return when a step comes: «срок вышел», «через 30 минут после срока»."""
    if kind != "escalation":
        return _(_KINDS[kind])
    after = after_minutes or 0
    return ngettext("через {n} минуту после срока", "через {n} минут после срока", after)


def changes(version: Version, before: Version | None, people: Mapping[str, str]) -> Iterator[str]:
    """Yield what a version changed, in the words of the page."""
    if before is None:
        return
    if version.target_minutes != before.target_minutes:
        yield _("срок: было {was}, стало {now}").format(
            was=minutes(before.target_minutes), now=minutes(version.target_minutes)
        )
    if version.warn_percent != before.warn_percent:
        yield _("предупреждение: было на {was} %, стало на {now} %").format(
            was=before.warn_percent, now=version.warn_percent
        )
    if version.around_the_clock != before.around_the_clock:
        yield _("теперь круглосуточно") if version.around_the_clock else _("теперь по графику чата")
    yield from _steps(version.steps, before.steps, people)


def _steps(now: Sequence[Step], before: Sequence[Step], people: Mapping[str, str]) -> Iterator[str]:
    said, was = ({step(one.kind, one.after_minutes): one for one in steps} for steps in (now, before))
    for when, one in said.items():
        if when not in was or was[when].recipients != one.recipients:
            to = ", ".join(recipient(name, people) for name in one.recipients)
            yield _("{when}: {to}").format(when=when, to=to)
    for when in was:
        if when not in said:
            yield _("{when}: больше никому").format(when=when)
