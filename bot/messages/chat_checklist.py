"""Words of what is checked of a chat: what is amiss first, each line with what mends it."""

from typing import Literal
from uuid import UUID

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import BaseModel, ConfigDict

from bot.messages import buttons as verbs
from bot.messages.buttons import Buttons
from bot.messages.quoting import NAME, TITLE, quoted
from infra.words import N_, _

State = Literal["green", "amber", "red"]

_MARKS: dict[State, str] = {"red": "🔴", "amber": "🟡", "green": "🟢"}

# What is well, by the check that `private.chat_findings` makes.
CHECKS = {
    "connected": N_("чат подключён"),
    "measured": N_("время ответа измеряется"),
    "bot_present": N_("бот в чате"),
    "may_read": N_("бот видит сообщения"),
    "owner_linked": N_("ответственный на связи"),
    "recipients_reachable": N_("о просрочке есть кому сообщить"),
    "schedule_has_time": N_("часы работы заданы"),
    "policy_has_recipients": N_("у каждой ступени оповещения есть получатель"),
    "last_message": N_("сообщения приходят"),
    "silent": N_("в чате пишут"),
    "anonymous_staff": N_("авторы сообщений известны"),
}
# What is amiss and what mends it, by the key of the fix.
FIXES = {
    "connect_chat": N_("Чат не подключён: сообщения сохраняются, но время ответа не измеряется."),
    "switch_monitoring_on": N_("Время ответа не измеряется: наблюдение выключено."),
    "add_bot": N_("Бота в чате нет. Добавьте его снова."),
    "check_bot": N_("Telegram ещё не сообщал, кто бот в этом чате. Назначьте его администратором."),
    "let_bot_read": N_(
        "Бот видит только команды и обращения к себе. Назначьте его администратором чата, особых прав не нужно."
    ),
    "assign_owner": N_("Ответственного нет."),
    "link_telegram": N_("Telegram ответственного не привязан. Ссылка — в панели, на странице «Профиль»."),
    "start_bot_in_private": N_("Бот не может написать ответственному: пусть тот откроет бота и нажмёт «Старт»."),
    "make_somebody_reachable": N_(
        "О просрочке некому сообщить: пусть ответственный или руководитель откроет бота и нажмёт «Старт»."
    ),
    "give_schedule_hours": N_("В расписании чата нет рабочего времени, и срок не посчитать. Задайте часы работы."),
    "name_recipients": N_("В политике есть ступень оповещения без получателя. Назовите, кому сообщать."),
    "write_a_message": N_("Сообщений ещё не было. Напишите в чат что-нибудь для проверки."),
    "ask_whether_still_used": N_("В чате давно не пишут. Узнайте, нужен ли он ещё."),
    "decide_who_speaks_as_group": N_(
        "Кто-то пишет от имени группы и считается клиентом. Если это сотрудник, отметьте это кнопкой ниже."
    ),
}


class Finding(BaseModel):
    """One check, and the key of what mends it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    check: str
    state: State
    fix: str | None


class Diagnosis(BaseModel):
    """A chat as `private.chat_diagnosis` describes it to its reader; what is worst comes first."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: UUID
    chat_name: str
    client: str | None
    accountant: str | None
    policy: str | None
    connected_by: str | None
    is_connected: bool
    is_measured: bool
    may_change: bool
    findings: list[Finding]

    @property
    def may_be_measured(self) -> bool:
        """Assert that measuring is off and somebody would hear."""
        heard = any(one.check == "recipients_reachable" and one.state == "green" for one in self.findings)
        return self.is_connected and not self.is_measured and heard


def checklist(found: Diagnosis) -> str:
    """Return the whole as Telegram HTML."""
    title = quoted(found.chat_name, TITLE)
    head = _("Чат <b>{chat}</b> подключён") if found.is_connected else _("Бот в чате <b>{chat}</b>")
    amiss = [f"{_MARKS[one.state]} {_(FIXES[one.fix])}" for one in found.findings if one.fix]
    well = [_(CHECKS[one.check]) for one in found.findings if one.state == "green"]
    lines = [head.format(chat=title), *_whose(found), "", *amiss]
    if well:
        lines.append(_("{mark} В порядке: {checks}.").format(mark=_MARKS["green"], checks=", ".join(well)))
    if not found.is_connected and not found.may_change:
        lines += ["", _("Подключить чат может руководитель.")]
    return "\n".join(lines)


def keyboard(found: Diagnosis, buttons: Buttons) -> InlineKeyboardMarkup | None:
    """Return what the reader may do here about it; none for who may only read."""
    if not found.may_change:
        return None
    acts = []
    if not found.is_connected:
        acts.append((_("Подключить"), verbs.ADOPT))
    if found.may_be_measured:
        acts.append((_("Включить наблюдение"), verbs.WATCH))
    if any(one.fix == "assign_owner" for one in found.findings):
        acts.append((_("Назначить ответственного"), verbs.GIVE))
    if any(one.fix == "decide_who_speaks_as_group" for one in found.findings):
        acts.append((_("Считать группу сотрудником"), verbs.TRUST))
    acts.append((_("Проверить снова"), verbs.RECHECK))
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=buttons.pack(verb, found.id))] for text, verb in acts
        ]
    )


def unchanged() -> str:
    """Return what a press is answered after which everything is as it was."""
    return _("Без изменений.")


def _whose(found: Diagnosis) -> list[str]:
    if not found.is_connected:
        return []
    lines = [
        _("Клиент: {name}").format(name=quoted(found.client or _("не указан"), TITLE)),
        _("Ответственный: {name}").format(name=quoted(found.accountant or _("не назначен"), NAME)),
        _("Политика: {name}").format(name=quoted(found.policy or _("обычная"), TITLE)),
    ]
    if found.connected_by:
        lines.append(_("Кто открыл ссылку: {name}").format(name=quoted(found.connected_by, NAME)))
    return lines
