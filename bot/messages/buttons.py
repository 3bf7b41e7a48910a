"""What a button carries: a verb, the row it is about, and a signature, in at most 64 bytes."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from uuid import UUID

# Prefixes are append-only: old buttons stay in chats for years.
ACKNOWLEDGE = "ack"

_SIGNATURE_BYTES = 9


class Buttons:
    """Signs callback data, so that nobody can press what was never offered. Rights are checked in SQL all the same."""

    def __init__(self, bot_token: str) -> None:
        # Derived: every process that can send has the token, and a new token ends what the old one signed.
        self._key = hashlib.sha256(b"buhbot callback data\0" + bot_token.encode()).digest()

    def pack(self, verb: str, row: UUID) -> str:
        """Return callback data: `verb:row:signature`."""
        body = f"{verb}:{_text(row.bytes)}"
        return f"{body}:{self._sign(body)}"

    def unpack(self, verb: str, data: str | None) -> UUID | None:
        """Return the row that a button of this verb is about; None when we did not sign it."""
        body, _, signature = (data or "").rpartition(":")
        given, _, row = body.partition(":")
        if given != verb or not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        try:
            return UUID(bytes=urlsafe_b64decode(row + "=="))
        except (Error, ValueError):
            return None

    def _sign(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), "sha256")[:_SIGNATURE_BYTES])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
