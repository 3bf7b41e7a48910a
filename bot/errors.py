"""Refusals and failures in words, once."""

import secrets

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError
from aiogram.types import ErrorEvent

from infra.supabase import Unavailable
from infra.words import N_, _, speaking

REFUSALS = {
    "not_allowed": N_("Нет прав для этого действия."),
    "unknown_button": N_("Эта кнопка больше не действует."),
    "unknown_alert": N_("Такого сообщения больше нет."),
    "alert_already_resolved": N_("Клиент уже не ждёт ответа."),
    "alert_tells_of_several": N_("Здесь ждут ответа несколько обращений, а одним нажатием закрывается только одно."),
    "unknown_request": N_("Такого обращения больше нет."),
    "request_already_closed": N_("Это обращение уже закрыто."),
    "unknown_message": N_("Такого сообщения клиента нет."),
    "unknown_class": N_("Такого вида сообщений нет."),
    "message_too_old": N_("Сообщению больше двух суток: ждать ответа по нему уже не начать."),
    "survey_is_over": N_("Опрос уже завершён."),
    "survey_not_found": N_("Такого опроса больше нет."),
    "nothing_to_rate": N_("Сейчас опроса нет. Когда он начнётся, мы напишем в чат."),
    "comment_is_too_long": N_("Комментарий длиннее 4\u00a0096 знаков: сократите его."),
    "case_not_found": N_("Этой оценки больше нет."),
    "case_is_resolved": N_("По этой оценке уже принято решение."),
    "case_is_taken": N_("Этой оценкой уже занимается {detail}."),
    "staff_do_not_vote": N_("Оценку ставят клиенты, сотрудники фирмы не голосуют."),
    "unknown_template": N_("Такого шаблона больше нет."),
    "unknown_faq_item": N_("Такого ответа больше нет."),
    "unknown_policy": N_("Такой политики больше нет."),
    "ladder_is_malformed": N_("Ступени оповещения заданы неверно."),
    "substitutes_form_a_circle": N_("Замещения замкнулись в круг: выберите другого человека."),
    "nobody_would_be_told": N_("Оповещать некого: ответственные не назначены или не начали разговор с ботом."),
    "calendar_is_of_another_year": N_("Этот календарь составлен на другой год."),
    "unknown_grouping": N_("Такой группировки в отчёте нет."),
    "message_not_failed": N_("Это сообщение не нужно отправлять снова."),
    "client_not_found": N_("Такого клиента нет."),
    "name_differs": N_("Название не совпадает, ничего не удалено."),
    "unknown_part": N_("Такой части в архиве нет."),
    "link_unknown": N_("Эта ссылка не действует. Возьмите новую в панели, на странице «Профиль»."),
    "link_used": N_("Эта ссылка уже использована. Если это были не вы, скажите администратору."),
    "link_expired": N_("Срок этой ссылки истёк, или вместо неё выдана другая. Возьмите новую на странице «Профиль»."),
    "chat_link_malformed": N_("Это не ссылка для подключения чата. Возьмите её у того, кто вас пригласил, целиком."),
    "chat_link_unknown": N_("Такой ссылки для подключения нет. Попросите новую."),
    "chat_link_used": N_("По этой ссылке уже подключён чат: она действует один раз. Попросите новую."),
    "chat_link_expired": N_("Срок этой ссылки истёк: она действует сутки. Попросите новую."),
    "chat_link_is_over": N_("Эта ссылка уже использована, или срок её истёк. Новая: /newchat"),
    "chat_already_connected": N_("Этот чат уже подключён. Ссылка не потрачена и подойдёт другому чату."),
    "unknown_chat": N_("Этого чата среди подключённых нет."),
    "owner_is_not_in_team": N_("Этому человеку вы не можете передать чат: он не из вашей команды."),
    "client_name_is_wrong": N_("Так назвать клиента нельзя: нужна одна строка до 300 знаков."),
    "telegram_already_linked": N_("У вас уже привязан Telegram. Чтобы сменить его, сначала отвяжите прежний."),
    "telegram_is_of_another": N_("Этот Telegram уже привязан к другому сотруднику."),
    "chat_is_not_served": N_("Этот чат сейчас не ведётся: обратитесь к своему бухгалтеру напрямую."),
    "not_a_client": N_("Это для клиентов: ни в одном из чатов, которые ведёт фирма, вас нет."),
    "unknown_faq_answer": N_("Этого вопроса больше нет."),
    "not_your_question": N_("Это решает тот, кто задал вопрос."),
    "order_is_malformed": N_("Заказ слишком длинный: сократите комментарий."),
    "bot_is_not_in_chat": N_("Бота больше нет в этом чате. Добавьте его снова."),
    "reply_is_empty": N_("Пустое сообщение отправить нельзя."),
    "reply_is_too_long": N_("Текст длиннее 4\u00a0096 знаков: Telegram такой не примет."),
    "template_is_unfinished": N_(
        "В шаблоне осталась незнакомая переменная в фигурных скобках. Исправьте его в панели."
    ),
    "template_changed": N_("Шаблон изменился с тех пор, как вы его смотрели. Откройте его заново: /template"),
    "absence_ends_before_it_begins": N_("Последний день раньше первого."),
    "absence_is_over": N_("Эти дни уже прошли."),
    "absence_is_too_long": N_("Отсутствие не может быть длиннее года."),
    "absence_overlaps_another": N_("На эти дни отсутствие уже запланировано."),
    "substitute_is_unknown": N_("Этот человек замещать не может."),
    "unknown_absence": N_("Такого отсутствия уже нет."),
    "notification_is_locked": N_("🔒 Об этом бот сообщает всегда."),
    "quiet_hours_are_empty": N_("Тихие часы должны начинаться и кончаться в разное время."),
    "alerts_per_hour_is_odd": N_("Можно от 1 до 1\u00a0000 в час."),
}

log = structlog.get_logger()


def words(key: str, detail: str = "") -> str:
    """Return the sentence for a key that SQL refused with; some say of whom, which is the refusal's detail."""
    return _(REFUSALS[key]).replace("{detail}", detail)


def failure(reference: str) -> str:
    """Return what is said when something went wrong that nobody had foreseen."""
    return _("Не получилось. Если повторится, назовите номер {reference}.").format(reference=reference)


def register(dispatcher: Dispatcher) -> None:
    """Give every surprise a reference number: one sentence for the person, the whole for the log."""

    @dispatcher.errors()
    async def surprise(event: ErrorEvent, bot: Bot) -> None:
        if isinstance(event.exception, Unavailable):
            # Nothing was done: Telegram brings the update again.
            raise event.exception
        reference = secrets.token_hex(3).upper()
        log.error("handler_failed", reference=reference, update_id=event.update.update_id, exc_info=event.exception)
        # Out here nobody knows what the person chose: the language is their Telegram's.
        user = getattr(event.update.event, "from_user", None)
        with speaking((user.language_code or "")[:2] if user else None):
            sentence = failure(reference)
        try:
            if query := event.update.callback_query:
                await bot.answer_callback_query(query.id, text=sentence, show_alert=True)
            elif (message := event.update.message) and message.chat.type == "private":
                await bot.send_message(message.chat.id, sentence)
        except AiogramError as error:
            log.warning("failure_not_told", reference=reference, reason=type(error).__name__)
