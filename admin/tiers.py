"""The service levels of clients, in words."""

from infra.words import N_, _

TIERS = {"basic": N_("Базовый"), "standard": N_("Стандарт"), "vip": N_("VIP"), "premium": N_("Премиум")}


def tier_word(tier: str | None) -> str:
    """Return the tier in words; nothing of a chat without client."""
    return _(TIERS[tier]) if tier else ""
