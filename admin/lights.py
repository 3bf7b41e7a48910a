"""How well a chat is, in one word."""

from typing import Literal

from infra.words import N_, _

Light = Literal["red", "amber", "green", "off"]

LIGHTS: dict[Light, str] = {
    "red": N_("Не работает"),
    "amber": N_("Внимание"),
    "green": N_("В порядке"),
    "off": N_("Удалён"),
}


def light_word(light: Light) -> str:
    """Return the light in a word."""
    return _(LIGHTS[light])
