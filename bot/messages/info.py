"""Words of the state of the system, for admins: how much there is, and what is wrong, with its fix."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from bot.messages.quoting import NAME, quoted
from bot.messages.times import moment
from infra.words import N_, _, number

# What is checked of the firm (`api.firm_health`), as it reads when it is not well.
CHECKS = {
    "person_reachable": N_("Сотруднику не доходят сообщения"),
    "admin_reachable": N_("Ни одному администратору не доходят сообщения"),
    "bot_started": N_("Бот не видит всех сообщений"),
    "intake_up": N_("Бот не принимает сообщения"),
    "intake_without_pause": N_("За сутки приём прерывался"),
    "alerts_raised": N_("Оповещения не создаются"),
    "messages_sent": N_("Сообщения не отправляются вовремя"),
    "messages_delivered": N_("Есть недоставленные сообщения"),
    "updates_stored": N_("Часть данных от Telegram отложена: их не удалось записать"),
    "audit_sealed": N_("Журнал действий не опечатывается"),
    "partitions_ahead": N_("Не подготовлены таблицы на следующий месяц"),
    "calendar_ahead": N_("Рабочее время не рассчитано вперёд"),
    "holidays_known": N_("Не загружен производственный календарь"),
    "default_schedule_has_time": N_("В основном графике нет рабочих часов"),
    "webhook_ours": N_("Вебхук бота ведёт или вёл не к нам"),
    "certificate_valid": N_("Сертификат сайта заканчивается или не принимается"),
    "disk_has_room": N_("На диске сервера мало места"),
}
FIXES = {
    "link_telegram": N_("привязать Telegram на странице «Профиль»"),
    "unblock_bot": N_("сотруднику разблокировать бота"),
    "link_another_telegram": N_("привязать другой Telegram"),
    "start_bot_in_private": N_("сотруднику написать боту /start"),
    "link_an_admin": N_("привязать Telegram хотя бы одному администратору"),
    "start_bot": N_("запустить бота"),
    "turn_privacy_mode_off": N_("выключить в BotFather режим приватности"),
    "read_coverage": N_("учесть это в отчёте о полноте"),
    "start_jobs": N_("запустить фоновые задания"),
    "resend_messages": N_("отправить их снова"),
    "read_rejects": N_("посмотреть, что отложено"),
    "extend_horizon": N_("запустить фоновые задания: они подготовят"),
    "import_calendar": N_("загрузить календарь командой make calendar"),
    "give_schedule_hours": N_("задать часы в графике"),
    "check_webhook_url": N_("проверить WEBHOOK_URL: бот слушает не там, куда шлёт Telegram"),
    "find_who_took_webhook": N_("выяснить, кто ещё знает токен бота: вебхук уже установлен снова"),
    "renew_certificate": N_("обновить сертификат: раздел «When something is wrong» в infra/README.md"),
    "make_room": N_("освободить место на диске сервера"),
}

_MARKS = {"red": "🔴", "amber": "🟡"}
# What one message holds.
_LISTED = 15


class Finding(BaseModel):
    """What is not well, as `api.firm_health` says."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    check: str
    state: str
    fix: str | None
    subject: str | None
    amount: int | None


class State(BaseModel):
    """The state of the system, as `api.system_state` gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    firm_name: str
    chats: int
    unconnected: int
    waiting: int
    overdue: int
    red_chats: int
    intake_seen_at: datetime | None
    findings: list[Finding]


def state(found: State, now: datetime, timezone: str) -> str:
    """Return how things stand: figures, then what is wrong, red first."""
    seen = moment(found.intake_seen_at, now, timezone) if found.intake_seen_at else _("ещё ни разу")
    lines = [
        f"<b>{quoted(found.firm_name, NAME)}</b>",
        "",
        _("Подключено чатов: {n}").format(n=number(found.chats))
        + (", " + _("ждут подключения: {n}").format(n=number(found.unconnected)) if found.unconnected else ""),
        _("Ждут ответа: {n}").format(n=number(found.waiting))
        + (", " + _("просрочено: {n}").format(n=number(found.overdue)) if found.overdue else ""),
        _("Бот принимал сообщения: {at}").format(at=seen),
        "",
    ]
    if found.red_chats:
        lines.append("🔴 " + _("Чаты, за которыми бот не может следить: {n}").format(n=number(found.red_chats)))
    lines += [_finding(one) for one in found.findings[:_LISTED]]
    if len(found.findings) > _LISTED:
        lines.append(_("и ещё {n}").format(n=number(len(found.findings) - _LISTED)))
    if not found.findings and not found.red_chats:
        lines.append(_("🟢 Всё в порядке."))
    return "\n".join(lines)


def _finding(one: Finding) -> str:
    what = _(CHECKS[one.check])
    subject = f": {quoted(one.subject, NAME)}" if one.subject else ""
    amount = f" ({one.amount})" if one.amount else ""
    fix = _(" — нужно {fix}").format(fix=_(FIXES[one.fix])) if one.fix else ""
    return f"{_MARKS[one.state]} {what}{subject}{amount}{fix}"
