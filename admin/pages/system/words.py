"""What is checked of the firm (`api.firm_health`), as it reads when it is not well, and what mends it."""

from infra.words import N_

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
}
MESSAGE_WORDS = {
    "sla_alert": N_("оповещение"),
    "sla_digest": N_("сводка оповещений"),
    "chat_notice": N_("уведомление"),
    "accountant_call": N_("вызов бухгалтера"),
    "off_hours_reply": N_("ответ в нерабочее время"),
    "receipt": N_("подтверждение клиенту"),
    "faq_answer": N_("ответ на частый вопрос"),
    "document_order": N_("заказ документа"),
    "chat_reply": N_("ответ клиенту"),
    "survey": N_("опрос"),
    "survey_reminder": N_("напоминание об опросе"),
    "low_rating": N_("низкая оценка"),
    "survey_digest": N_("итоги опроса"),
}
