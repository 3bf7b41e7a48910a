"""Inline keyboards: the buttons Telegram takes, and why it refuses the others."""

from typing import Any
from urllib.parse import urlsplit

from infra.local.telegram.errors import bad_request, not_written

CALLBACK_DATA_LIMIT = 64
BUTTONS_LIMIT = 100
_LOOKS = {"text", "style", "icon_custom_emoji_id"}
_ACTIONS = {"callback_data", "url", "copy_text"}

Keyboard = list[list[dict[str, Any]]]


def _check_url(url: str) -> None:
    parts = urlsplit(url if "://" in url or url.startswith("tg:") else f"http://{url}")
    if parts.scheme == "tg":
        return
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        reason = "Wrong HTTP URL" if parts.scheme in ("http", "https") else "Unsupported URL protocol"
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: {reason}")


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Button text must be non-empty")
    actions = button.keys() - _LOOKS
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if unknown := actions - _ACTIONS:
        raise not_written(f"inline buttons with {min(unknown)}")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(str(button["url"]))


def inline_keyboard(markup: dict[str, Any] | None) -> Keyboard | None:
    """Return the rows of buttons; an empty keyboard is none at all."""
    if markup is None:
        return None
    if "inline_keyboard" not in markup:
        raise not_written("keyboards other than inline ones")
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard markup: array of arrays expected")
    kept: Keyboard = [row for row in rows if row]
    for row in kept:
        for button in row:
            _check_button(button)
    if sum(map(len, kept)) > BUTTONS_LIMIT:
        raise bad_request("reply markup is too long")
    return kept or None
