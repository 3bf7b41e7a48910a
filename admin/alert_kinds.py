"""The kinds of alerts, in words."""

from typing import Literal

from infra.words import N_

AlertKind = Literal["warning", "breach", "escalation"]

ALERT_KINDS: dict[AlertKind, str] = {
    "warning": N_("Предупреждение"),
    "breach": N_("Срок прошёл"),
    "escalation": N_("Эскалация"),
}
