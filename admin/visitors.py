"""Where a request comes from, as far as it says: the network address, and browser and system in words."""

import re
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection

from infra.words import N_

# The first that is found counts: most browsers also claim to be those further down.
_BROWSERS = (
    ("YaBrowser/", N_("Яндекс Браузер")),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
UNKNOWN = N_("Неизвестное устройство")


class Visitor(NamedTuple):
    """A browser at an address; none when the connection does not say."""

    address: str | None
    device: str


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address of whoever asks, as the nearest proxy that we trust (TRUSTED_PROXIES) saw it, else nothing."""
    return connection.client.host if connection.client else ""


def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor:
    """Return who asks."""
    return Visitor(address_of(connection) or None, device_of(connection.headers.get("user-agent", "")))


def device_of(user_agent: str) -> str:
    """Return «Chrome, Windows». No versions: nobody recognises their device by them, and they change weekly."""
    found = [_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)]
    named = ", ".join(word for word in found if word)
    if named:
        return named
    program = re.match(r"[A-Za-z][\w.-]{0,30}", user_agent)
    return program[0] if program else UNKNOWN


def _first(signs: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((word for sign, word in signs if sign in user_agent), None)
