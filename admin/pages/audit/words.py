"""What the log's tables, columns and actions are called."""

from infra.words import N_, _

ACTION_WORDS = {
    "insert": N_("создание"),
    "update": N_("изменение"),
    "delete": N_("удаление"),
    "sign_in": N_("вход"),
    "sign_out": N_("выход"),
    "refusal": N_("отказ"),
    "export": N_("выгрузка данных"),
    "erase": N_("стирание данных"),
    "acknowledged": N_("взято в работу"),
    "excused": N_("ответ не нужен"),
    "rescheduled": N_("срок изменился"),
    "voided": N_("измерение остановлено"),
    "handed_over": N_("сменился ответственный"),
}
ENTITY_WORDS = {
    "absences": N_("отсутствие"),
    "calendar_exceptions": N_("дата календаря"),
    "chats": N_("чат"),
    "chat_invitations": N_("ссылка подключения"),
    "chat_segments": N_("сегмент"),
    "classification_corrections": N_("исправление"),
    "client_requests": N_("обращение"),
    "clients": N_("клиент"),
    "faq_items": N_("частый вопрос"),
    "ladder_steps": N_("ступень оповещений"),
    "manager_accountants": N_("команда менеджера"),
    "settings": N_("настройки"),
    "sla_alerts": N_("оповещение"),
    "sla_policies": N_("правило ответа"),
    "staff_invitations": N_("приглашение"),
    "templates": N_("шаблон"),
    "users": N_("сотрудник"),
    "working_intervals": N_("рабочие часы"),
    "working_schedules": N_("график"),
}
FIELD_WORDS = {
    "active": N_("доступ"),
    "answer": N_("ответ"),
    "archived_at": N_("в архиве с"),
    "assigned_accountant_id": N_("ответственный"),
    "category": N_("категория"),
    "chat_name": N_("название чата"),
    "client_id": N_("клиент"),
    "content": N_("текст"),
    "default_policy_id": N_("правило по умолчанию"),
    "default_schedule_id": N_("график по умолчанию"),
    "deleted_at": N_("удалено"),
    "files_answer": N_("файл — ответ"),
    "firm_name": N_("название фирмы"),
    "full_name": N_("имя"),
    "head_id": N_("руководитель"),
    "keywords": N_("ключевые слова"),
    "locale": N_("язык"),
    "monitoring_enabled": N_("наблюдение"),
    "name": N_("название"),
    "off_hours_reply": N_("ответ в нерабочее время"),
    "on_date": N_("дата"),
    "policy_id": N_("правило"),
    "question": N_("вопрос"),
    "retention_years": N_("срок хранения, лет"),
    "role": N_("роль"),
    "schedule_id": N_("график"),
    "silent_after_days": N_("молчание, дней"),
    "target_minutes": N_("норма, минут"),
    "tier": N_("уровень обслуживания"),
    "title": N_("название"),
    "warn_percent": N_("предупреждать на, %"),
}


def field_words(name: str) -> str:
    """Return what a column is called; one without a word is called what it is."""
    return _(FIELD_WORDS[name]) if name in FIELD_WORDS else name
