"""What the columns of a list of chats are called, in its template and where something is wrong in it."""

from infra.words import N_

COLUMNS = {
    "chat": N_("Чат"),
    "client": N_("Клиент"),
    "tier": N_("Уровень"),
    "owner": N_("Ответственный"),
    "policy": N_("Политика"),
    "schedule": N_("График"),
    "target": N_("Норма, минут"),
}
