"""The lights of `/system`: one per part, with the reason. What nobody has told is unknown, never green."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime

from admin.models import Frozen
from infra.words import N_, _, number

State = Literal["green", "amber", "red", "off", "unknown"]
# A process speaks every 30 seconds: three times missed is gone.
SILENT_AFTER = timedelta(seconds=95)

STATE_WORDS: dict[State, str] = {
    "green": N_("работает"),
    "amber": N_("есть замечание"),
    "red": N_("не работает"),
    "off": N_("не подключена"),
    "unknown": N_("неизвестно"),
}
BREAKER_WORDS: dict[str, tuple[State, str]] = {
    "off": ("off", N_("решают правила")),
    "closed": ("green", N_("отвечает")),
    "probing": ("amber", N_("проверяем, вернулась ли")),
    "open": ("red", N_("не отвечает: пока решают правила")),
}


class Light(NamedTuple):
    """A part: how it is, why, and when that was seen."""

    name: str
    state: State
    reason: str
    at: datetime | None = None

    @property
    def state_words(self) -> str:
        """The state in words: a colour alone tells some nothing."""
        return _(STATE_WORDS[self.state])


class Process(Frozen):
    """The latest word of a process."""

    component: Literal["bot", "jobs"]
    version: str
    started_at: AwareDatetime
    seen_at: AwareDatetime
    facts: dict[str, Any]


def lights(
    processes: Sequence[Process] | None, own: Mapping[str, str], version: str, postgres: str | None, now: datetime
) -> list[Light]:
    """Return the lights; `own` is what the admin itself reached, by part: ok or the kind of fault."""
    bot, jobs = (_latest(processes, component) for component in ("bot", "jobs"))
    return [
        Light(_("Панель"), "green", _("версия {version}").format(version=version), now),
        _database(postgres, now),
        _reached(_("Вход"), own.get("auth"), now),
        _process(_("Бот"), bot, now),
        _webhook(bot, now),
        _process(_("Фоновые задания"), jobs, now),
        _reached(_("Redis очередей"), own.get("redis"), now),
        _seen_by(_("Redis кэша"), bot, "cache", now),
        _model(jobs, now),
    ]


def _latest(processes: Sequence[Process] | None, component: str) -> Process | None:
    mine = [process for process in processes or () if process.component == component]
    return max(mine, key=lambda process: process.seen_at) if mine else None


def _database(postgres: str | None, now: datetime) -> Light:
    name = _("База данных и её API")
    if postgres is None:
        return Light(name, "red", _("не отвечает"), now)
    return Light(name, "green", f"Postgres {postgres}", now)


def _reached(name: str, outcome: str | None, now: datetime) -> Light:
    if outcome is None:
        return Light(name, "unknown", _("никто не проверял"))
    return Light(name, "green", _("отвечает"), now) if outcome == "ok" else Light(name, "red", outcome, now)


def _process(name: str, process: Process | None, now: datetime) -> Light:
    if process is None:
        return Light(name, "unknown", _("за последний час не давал о себе знать"))
    if process.seen_at < now - SILENT_AFTER:
        return Light(name, "red", _("замолчал"), process.seen_at)
    faults = list(_faults(process))
    if faults:
        return Light(name, "amber", ", ".join(faults), process.seen_at)
    return Light(name, "green", _("версия {version}").format(version=process.version), process.seen_at)


def _faults(process: Process) -> Iterator[str]:
    for part, outcome in process.facts.get("checks", {}).items():
        if outcome != "ok":
            yield f"{part}: {outcome}"


def _seen_by(name: str, process: Process | None, part: str, now: datetime) -> Light:
    if process is None or process.seen_at < now - SILENT_AFTER:
        return Light(name, "unknown", _("тот, кто его видит, молчит"))
    return _reached(name, process.facts.get("checks", {}).get(part), process.seen_at)


def _webhook(bot: Process | None, now: datetime) -> Light:
    name = _("Вебхук Telegram")
    told = bot.facts.get("webhook") if bot and bot.seen_at >= now - SILENT_AFTER else None
    if bot is None or told is None:
        return Light(name, "unknown", _("Telegram не спросить: бот молчит или связи с ним нет"))
    if not told.get("is_set"):
        return Light(name, "red", _("не установлен"), bot.seen_at)
    if not told.get("is_ours", True):
        return Light(name, "red", _("ведёт не к нам"), bot.seen_at)
    waiting = _("ждут доставки: {n}").format(n=number(told.get("waiting", 0)))
    failed_at = datetime.fromisoformat(told["failed_at"]) if told.get("failed_at") else None
    if failed_at and failed_at > now - timedelta(hours=1):
        return Light(name, "amber", f"{told.get('failure') or _('сбой доставки')}; {waiting}", failed_at)
    return Light(name, "green", waiting, bot.seen_at)


def _model(jobs: Process | None, now: datetime) -> Light:
    name = _("Языковая модель")
    if jobs is None or jobs.seen_at < now - SILENT_AFTER:
        return Light(name, "unknown", _("тот, кто её видит, молчит"))
    state, words = BREAKER_WORDS.get(str(jobs.facts.get("breaker")), ("unknown", N_("неизвестно")))
    return Light(name, state, _(words), jobs.seen_at)
