"""What becomes of a message that the outbox sends, in words."""

from infra.words import N_

DELIVERIES = {
    "pending": N_("в очереди"),
    "sending": N_("отправляется"),
    "sent": N_("доставлено"),
    "failed": N_("не доставлено"),
    "cancelled": N_("не доставлено"),
}
