"""What is not as it should be, and what to do about it, in words and as links to the pages that mend it."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from admin.models import Frozen
from infra.words import N_, _, number

Place = Literal["firm", "chats"]

# What to do, by the fix that the database names.
FIXES = {
    "link_telegram": N_("Привязать Telegram сотрудникам"),
    "unblock_bot": N_("Попросить сотрудника разблокировать бота"),
    "link_another_telegram": N_("Привязать сотруднику другой Telegram"),
    "start_bot_in_private": N_("Попросить сотрудника написать боту /start"),
    "link_an_admin": N_("Привязать Telegram хотя бы одному администратору"),
    "start_bot": N_("Запустить бота: сообщения не принимаются"),
    "turn_privacy_mode_off": N_("Выключить в BotFather режим приватности"),
    "read_coverage": N_("Посмотреть, когда прерывался приём сообщений"),
    "start_jobs": N_("Запустить фоновые задания"),
    "resend_messages": N_("Отправить снова то, что не дошло"),
    "read_rejects": N_("Посмотреть, какие обновления не сохранены"),
    "extend_horizon": N_("Запустить фоновые задания: графики рассчитаны не на весь срок вперёд"),
    "import_calendar": N_("Загрузить производственный календарь на год"),
    "give_schedule_hours": N_("Задать рабочие часы в графике"),
    "add_bot": N_("Вернуть бота в чаты"),
    "check_bot": N_("Проверить, есть ли бот в чатах"),
    "let_bot_read": N_("Дать боту видеть сообщения чатов"),
    "assign_owner": N_("Назначить ответственных чатам"),
    "make_somebody_reachable": N_("Указать, кому слать оповещения о чатах"),
    "name_recipients": N_("Указать получателей в политике"),
}
# Why a chat is not watched well, as it reads after how many there are.
REASONS = {
    "add_bot": N_("бота нет в чате"),
    "check_bot": N_("неизвестно, есть ли бот в чате"),
    "let_bot_read": N_("бот не видит сообщений"),
    "assign_owner": N_("нет ответственного"),
    "link_telegram": N_("у ответственного не привязан Telegram"),
    "start_bot_in_private": N_("ответственный не запустил бота"),
    "make_somebody_reachable": N_("некому слать оповещения"),
    "give_schedule_hours": N_("в графике нет рабочих часов"),
    "name_recipients": N_("в политике нет получателей"),
}
_OTHERWISE = N_("Посмотреть, что не так")
_TEAM = frozenset({"link_telegram", "unblock_bot", "link_another_telegram", "start_bot_in_private", "link_an_admin"})
_SCHEDULES = frozenset({"import_calendar", "give_schedule_hours"})


class Finding(Frozen):
    """A step that `api.watch` names."""

    fix: str
    state: Literal["red", "amber"]
    amount: int
    subject: str | None
    place: Place


class Reason(Frozen):
    """Why chats are not watched well."""

    fix: str
    chats: int

    @property
    def words(self) -> str:
        """Why, in the reader's language."""
        return _(REASONS.get(self.fix, _OTHERWISE))


class Watch(Frozen):
    """What `api.watch` returns."""

    watched: int
    unwell: int
    reasons: list[Reason]
    steps: list[Finding]


class Step(NamedTuple):
    """Something to do: in words, how bad it is, and where it is done, if there is a page for it."""

    words: str
    state: str
    path: str | None


def steps_of(watch: Watch, built: Collection[str]) -> Sequence[Step]:
    """Return what to do, worst first, with links to those pages that there are."""
    return [Step(_words(found), found.state, _path(found, built)) for found in watch.steps]


def _words(found: Finding) -> str:
    words = _(FIXES.get(found.fix, _OTHERWISE))
    about = found.subject or (number(found.amount) if found.amount > 1 else "")
    return f"{words}: {about}" if about else words


def _path(found: Finding, built: Collection[str]) -> str | None:
    if found.place == "chats":
        path = "/chats"
    elif found.fix in _TEAM:
        path = "/team?who=unlinked"
    else:
        path = "/schedules" if found.fix in _SCHEDULES else "/system"
    return path if path.partition("?")[0] in built else None
