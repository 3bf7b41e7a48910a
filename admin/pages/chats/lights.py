"""The health of a chat in words: one word for the light, what is amiss, and what mends it."""

from typing import Literal

from pydantic import AwareDatetime

from admin.lights import light_word
from admin.models import Frozen
from infra.words import N_, _

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
# What is amiss, by the key of the fix: in a list, and on the page of the chat with what to do.
REASONS = {
    "connect_chat": N_("не подключён"),
    "switch_monitoring_on": N_("наблюдение выключено"),
    "add_bot": N_("бота нет в чате"),
    "check_bot": N_("неизвестно, кто бот в чате"),
    "let_bot_read": N_("бот не видит сообщений"),
    "assign_owner": N_("нет ответственного"),
    "link_telegram": N_("Telegram ответственного не привязан"),
    "start_bot_in_private": N_("бот не может написать ответственному"),
    "make_somebody_reachable": N_("о просрочке некому сообщить"),
    "give_schedule_hours": N_("в графике нет рабочего времени"),
    "name_recipients": N_("в политике нет получателей"),
    "write_a_message": N_("сообщений ещё не было"),
    "ask_whether_still_used": N_("давно не пишут"),
    "decide_who_speaks_as_group": N_("кто-то пишет от имени группы"),
}
ADVICE = {
    "connect_chat": N_("Чат не подключён: сообщения сохраняются, но время ответа не измеряется."),
    "switch_monitoring_on": N_("Время ответа не измеряется: наблюдение выключено."),
    "add_bot": N_("Бота в чате нет. Добавьте его в группу снова: наблюдение продолжится само."),
    "check_bot": N_("Telegram ещё не сообщал, кто бот в этом чате. Назначьте его администратором."),
    "let_bot_read": N_(
        "Бот видит только команды и обращения к себе. Назначьте его администратором чата, особых прав не нужно."
    ),
    "assign_owner": N_("Ответственного нет или его доступ отключён."),
    "link_telegram": N_(
        "Telegram ответственного не привязан. Пусть он откроет здесь свой профиль и нажмёт «Привязать Telegram»."
    ),
    "start_bot_in_private": N_("Бот не может написать ответственному: пусть тот откроет бота и нажмёт «Старт»."),
    "make_somebody_reachable": N_(
        "О просрочке некому сообщить: пусть ответственный или руководитель откроет бота и нажмёт «Старт»."
    ),
    "give_schedule_hours": N_("В графике чата нет рабочего времени, и срок не посчитать. Выберите другой график ниже."),
    "name_recipients": N_("В политике есть ступень оповещения без получателя. Выберите другую политику ниже."),
    "write_a_message": N_("Сообщений ещё не было. Напишите в чат что-нибудь для проверки."),
    "ask_whether_still_used": N_("В чате давно не пишут. Узнайте, нужен ли он ещё."),
    "decide_who_speaks_as_group": N_("Кто-то пишет от имени группы и считается клиентом."),
}


class Finding(Frozen):
    """One check of a chat, and the key of what mends it."""

    check: str
    state: Literal["red", "amber", "green"]
    fix: str | None
    since: AwareDatetime | None

    @property
    def light_word(self) -> str:
        """The light in a word."""
        return light_word(self.state)

    @property
    def words(self) -> str:
        """What is amiss and what to do, or what is well."""
        return _(ADVICE[self.fix]) if self.fix else _(CHECKS[self.check])


def reason(fix: str | None) -> str:
    """Return what is amiss, shortly; nothing when nothing is."""
    return _(REASONS[fix]) if fix else ""
