"""What becomes of a message of a survey, and why a chat does not get it, in words."""

from infra.words import N_

DELIVERIES: dict[str, str] = {
    "planned": N_("ждёт очереди"),
    "queued": N_("отправляется"),
    "sent": N_("доставлено"),
    "failed": N_("не доставлено"),
    "skipped": N_("пропущено"),
    "cancelled": N_("отменено"),
}
REASONS: dict[str, str] = {
    "cooldown": N_("недавно уже спрашивали"),
    "deleted": N_("чат удалён"),
    "no_bot": N_("в чате нет бота"),
    "opted_out": N_("чат просил не спрашивать"),
    "not_connected": N_("чат не подключён"),
    "refused": N_("Telegram не принял сообщение"),
    "no_answer": N_("Telegram не ответил за час"),
    "too_late": N_("не успели до конца опроса"),
    "closed": N_("опрос завершили раньше"),
}
ADVICE: dict[str, str] = {
    "cooldown": N_("Пауза между опросами задаётся в настройках опросов."),
    "no_bot": N_("Добавьте бота в группу и отправьте тем, кто не получил."),
    "not_connected": N_("Подключите чат и отправьте тем, кто не получил."),
    "opted_out": N_("Это отмечено на странице чата."),
    "refused": N_("Проверьте огоньки чата: бота могли удалить из группы."),
    "no_answer": N_("Отправьте тем, кто не получил: остальные второй раз не получат."),
}
