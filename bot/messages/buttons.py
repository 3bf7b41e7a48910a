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

# Each ends with the language that it stands for.
SPEAK_RUSSIAN, SPEAK_ENGLISH = "speak_ru", "speak_en"
LANGUAGE_VERBS = (SPEAK_RUSSIAN, SPEAK_ENGLISH)

# Buttons of forms (FSM): each is taken in its state only, and pressed later says that the thread is lost.
FORM_VERBS: tuple[str, ...] = ()

# Of staff. A verb that names two rows has at most five letters.
QUEUE = "queue"
WAIT = "wait"
WAIT_TAKE = "wait_take"
WAIT_EXCUSE = "wait_excuse"
MY_CHATS = "mychats"
TEMPLATES = "templates"
TEMPLATES_FOR = "tfor"
TEMPLATE_CHATS = "tlist"
TEMPLATE_PREVIEW = "tshow"
TEMPLATE_SEND = "tsend"
ABSENCE = "absence"
ABSENCE_PLAN = "absence_plan"
ABSENCE_WHO = "awho"
ABSENCE_SAVE = "asave"
ABSENCE_CANCEL = "absence_cancel"
NOTIFY = "notify"
SILENCE = "silence"
QUIET = "quiet"
ALERTS_PER_HOUR = "alerts_per_hour"

# The row of a button that is about none.
NOTHING = UUID(int=0)

_SIGNATURE_BYTES = 9


class Pressed(NamedTuple):
    """What a button of ours says: what to do, to which row, and with which other one."""

    verb: str
    row: UUID
    other: UUID = NOTHING


class Buttons:
    """Signs callback data, so that nobody can press what was never offered. Rights are checked in SQL all the same."""

    def __init__(self, bot_token: str) -> None:
        # Derived: every process that can send has the token, and a new token ends what the old one signed.
        self._key = hashlib.sha256(b"buhbot callback data\0" + bot_token.encode()).digest()

    def pack(self, verb: str, row: UUID, other: UUID | None = None) -> str:
        """Return callback data: `verb:row:signature` or, with another row, `verb:row.other:signature`."""
        body = f"{verb}:{_text(row.bytes)}" + (f".{_text(other.bytes)}" if other else "")
        return f"{body}:{self._sign(body)}"

    def unpack(self, data: str | None) -> Pressed | None:
        """Return what a button says; None when we did not sign it."""
        body, _, signature = (data or "").rpartition(":")
        verb, _, rows = body.partition(":")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        row, _, other = rows.partition(".")
        try:
            return Pressed(verb, _row(row), _row(other) if other else NOTHING)
        except (Error, ValueError):
            return None

    def _sign(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), "sha256")[:_SIGNATURE_BYTES])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def numbered(number: int) -> UUID:
    """Return a number, such as that of a page, in the place of a row; its `int` is the number."""
    return UUID(int=number)


def _row(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(text + "=="))
