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

# A choice carries a second row, and then the verb is of seven letters at most.
RECHECK = "recheck"
ADOPT = "adopt"
ADOPT_FOR = "client"
WATCH = "watch"
TRUST = "trust"
GIVE = "give"
GIVE_TO = "give_to"

INVITE = "invite"
INVITED_OWNER = "invited_owner"
OWNER = "owner"
INVITED_POLICY = "invited_policy"
POLICY = "policy"

# Makes the client whose name the form knows.
ADD_CLIENT = "add_client"

ALERT_VERBS = (TAKE, NO_ANSWER_NEEDED, REMIND_30, REMIND_60, REMIND_OPENING)

# What a message is after all, in the words of `api.reclassify_request`; the row is the window.
QUESTION, THANKS, SPAM = "request", "gratitude", "spam"
CLASS_VERBS = (QUESTION, THANKS, SPAM)

CALL_ACCOUNTANT = "call_accountant"
SHOW_REQUESTS = "show_requests"
ORDER_DOCUMENT = "order_document"
RATE_US = "rate_us"

ORDER_ACT = "order_act"
ORDER_CERTIFICATE = "order_certificate"
ORDER_INVOICE = "order_invoice"
PERIOD_THIS_MONTH = "period_this_month"
PERIOD_LAST_MONTH = "period_last_month"
PERIOD_LAST_QUARTER = "period_last_quarter"
PERIOD_LAST_YEAR = "period_last_year"
ORDER_SEND = "order_send"
ORDER_CANCEL = "order_cancel"

DOCUMENT_VERBS = (ORDER_ACT, ORDER_CERTIFICATE, ORDER_INVOICE)
PERIOD_VERBS = (PERIOD_THIS_MONTH, PERIOD_LAST_MONTH, PERIOD_LAST_QUARTER, PERIOD_LAST_YEAR)
ORDER_VERBS = (*DOCUMENT_VERBS, *PERIOD_VERBS, ORDER_SEND, ORDER_CANCEL)

FAQ_HELPED = "faq_helped"
FAQ_NOT_HELPED = "faq_not_helped"

# The same in the words of `api.judge_faq_answer`.
FAQ_VERBS = {FAQ_HELPED: "helped", FAQ_NOT_HELPED: "not_helped"}

RATE_1, RATE_2, RATE_3, RATE_4, RATE_5 = "rate_1", "rate_2", "rate_3", "rate_4", "rate_5"
UNRATE = "unrate"

# The stars of `api.vote`; the row is the delivery. None takes a vote back.
RATINGS: dict[str, int | None] = {RATE_1: 1, RATE_2: 2, RATE_3: 3, RATE_4: 4, RATE_5: 5, UNRATE: None}

# The row is the case of a low rating.
TAKE_CASE = "take_case"

# Each ends with the language that it stands for.
SPEAK_RUSSIAN, SPEAK_ENGLISH = "speak_ru", "speak_en"
LANGUAGE_VERBS = (SPEAK_RUSSIAN, SPEAK_ENGLISH)

# Buttons of forms (FSM): each is taken in its state only, and pressed later says that the thread is lost.
FORM_VERBS: tuple[str, ...] = (ADD_CLIENT, *ORDER_VERBS)

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
ABSENCE_PLAN = "absence_plan"
ABSENCE_WHO = "awho"
ABSENCE_SAVE = "asave"
ABSENCE_CANCEL = "absence_cancel"
NOTIFY = "notify"
SILENCE = "silence"
QUIET = "quiet"
ALERTS_PER_HOUR = "alerts_per_hour"

# Stands for «none of them» where a button offers rows.
NONE = UUID(int=0)

_SIGNATURE_BYTES, _ROW_BYTES = 9, 16


class Pressed(NamedTuple):
    """What a button of ours says: what to do, to which row, and of a choice which other row was chosen for it."""

    verb: str
    row: UUID
    other: UUID | None = None


class Buttons:
    """Signs callback data, so that nobody can press what was never offered. Rights are checked in SQL all the same."""

    def __init__(self, bot_token: str) -> None:
        # Derived: every process that can send has the token, and a new token ends what the old one signed.
        self._key = hashlib.sha256(b"buhbot callback data\0" + bot_token.encode()).digest()

    def pack(self, verb: str, row: UUID, other: UUID | None = None) -> str:
        """Return callback data: `verb:rows:signature`."""
        body = f"{verb}:{_text(row.bytes + (other.bytes if other else b''))}"
        return f"{body}:{self._sign(body)}"

    def unpack(self, data: str | None) -> Pressed | None:
        """Return what a button says; None when we did not sign it."""
        body, _, signature = (data or "").rpartition(":")
        verb, _, rows = body.partition(":")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        try:
            raw = urlsafe_b64decode(rows + "==")
            others = [UUID(bytes=raw[_ROW_BYTES:])] if raw[_ROW_BYTES:] else []
            return Pressed(verb, UUID(bytes=raw[:_ROW_BYTES]), *others)
        except (Error, ValueError):
            return None

    def _sign(self, body: str) -> str:
        return _text(hmac.digest(self._key, body.encode(), "sha256")[:_SIGNATURE_BYTES])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def numbered(number: int) -> UUID:
    """Return a number, such as that of a page, in the place of a row; its `int` is the number."""
    return UUID(int=number)
