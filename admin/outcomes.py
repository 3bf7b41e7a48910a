"""What becomes of a client's question, in words."""

from typing import Literal

from infra.words import N_

Outcome = Literal["overdue", "at_risk", "waiting", "met", "met_late", "excused", "voided"]

OUTCOMES: dict[Outcome, str] = {
    "overdue": N_("Просрочено"),
    "at_risk": N_("Скоро срок"),
    "waiting": N_("Ждёт"),
    "met": N_("Отвечено в срок"),
    "met_late": N_("Отвечено с опозданием"),
    "excused": N_("Ответ не нужен"),
    "voided": N_("Не измеряется"),
}
