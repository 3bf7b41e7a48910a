"""The service levels of clients, in words."""

from typing import Literal

from infra.words import N_, _

Tier = Literal["basic", "standard", "vip", "premium"]

TIERS: dict[Tier, str] = {
    "basic": N_("Базовый"),
    "standard": N_("Стандарт"),
    "vip": N_("VIP"),
    "premium": N_("Премиум"),
}


def tier_word(tier: Tier | None) -> str:
    """Return the tier in words; nothing of a chat without client."""
    return _(TIERS[tier]) if tier else ""
