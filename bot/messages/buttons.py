"""What a button carries: a verb, the row it is about, and a signature, in at most 64 bytes."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import NamedTuple
from uuid import UUID

# Verbs are append-only: old buttons stay in chats for years. `api.press_alert` knows these by the same words.
TAKE = "take"
NO_ANSWER_NEEDED = "no_answer_needed"
REMIND_30 = "remind_30"
REMIND_60 = "remind_60"
REMIND_OPENING = "remind_opening"

ALERT_VERBS = (TAKE, NO_ANSWER_NEEDED, REMIND_30, REMIND_60, REMIND_OPENING)

# Buttons of forms (FSM): each is taken in its state only, and pressed later says that the thread is lost.
FORM_VERBS: tuple[str, ...] = ()

_SIGNATURE_BYTES = 9


class Pressed(NamedTuple):
    """What a button of ours says: what to do, and to which row."""

    verb: str
    row: UUID


class Buttons:
    """Signs callback data, so that nobody can press what was never offered. Rights are checked in SQL all the same."""

    def __init__(self, bot_token: str) -> None:
        # Derived: every process that can send has the token, and a new token ends what the old one signed.
        self._key = hashlib.sha256(b"buhbot callback data\0" + bot_token.encode()).digest()

    def pack(self, verb: str, row: UUID) -> str:
        """Return callback data: `verb:row:signature`."""
        body = f"{verb}:{_text(row.bytes)}"
        return f"{body}:{self._sign(body)}"

    def unpack(self, data: str | None) -> Pressed | None:
        """Return what a button says; None when we did not sign it."""
        body, _, signature = (data or "").rpartition(":")
        verb, _, row = body.partition(":")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        try:
            return Pressed(verb, UUID(bytes=urlsafe_b64decode(row + "==")))
        except (Error, ValueError):
            return None

    def _sign(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), "sha256")[:_SIGNATURE_BYTES])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
