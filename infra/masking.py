"""What may not leave a process by its log: names, texts, addresses, tokens. The second line of defence.

The first is that nobody logs them: fields are ids and counts. What remains are the sentences of libraries and the
messages of exceptions, which quote what they choked on. Their grammar is all there is to go by: what stands in quotes
or brackets, what is no English, and what looks like a token, an address or a long number is left out.
"""

import re
import traceback
from collections.abc import Mapping
from datetime import date
from types import TracebackType
from typing import Any
from uuid import UUID

from pydantic import ValidationError

GAP = "…"
# A sentence says what went wrong; what follows it is what it went wrong with.
LONGEST = 300

_SECRETS = re.compile(
    r"(?<!\d)\d{5,}:[\w-]{20,}"  # bot tokens, also inside the Bot API's addresses
    r"|\beyJ[\w-]+(?:\.[\w-]+)*"  # JWTs, whole or cut off
    r"|\bsb_(?:secret|publishable)_[\w-]+"  # keys of Supabase
    r"|(?<=://)[^\s/@]*:[^\s@]*(?=@)"  # user and password of a URL
    r"|(?<=/invite/)[^\s?#\"']+"
    r"|(?<=[?&#])[^\s\"'<>]+"  # whatever follows in an address: search words, one-time tokens
    r"|(?i:(?<=bearer )[\w.~+/-]+=*)"
)
_EMAIL = re.compile(r"[^\s@\"'<>(){}\[\],;:=]+@[^\s@\"'<>(){}\[\],;:=]+\.\w+")
# Nine digits or more, as people write them; never inside a UUID, a date or a version.
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d(?:[ \u00a0()-]{0,2}\d){8,14}(?![\w-])")
_QUOTED = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|«[^»]*»|“[^”]*”|`[^`]*`"
    r"|\([^()]+\)|\{.*\}|\[(?=[^\[\]]*[,'\"])[^\[\]]*\]",
    re.DOTALL,
)
# Whatever stands between two words that are not English.
_FOREIGN = re.compile(r"[^\x00-\x7f…]+(?:[^\x00-\x7f]|[\s,.!?-]+(?=[^\x00-\x7f]))*")
_PLAIN = re.compile(r"['\"`][A-Za-z_][\w.]{0,60}['\"`]")
# Their quotes hold names out of the code, never values.
_ABOUT_CODE = (AttributeError, ImportError, NameError, TypeError)
_CODE = re.compile(r"[\w.-]{1,20}")
_PASSED_ON = (bool, int, float, UUID, date, type(None))


def masked(text: str) -> str:
    """Return a text without tokens, addresses and long numbers."""
    return _NUMBER.sub("[number]", _EMAIL.sub("[email]", _SECRETS.sub("[secret]", text)))


def sentence(text: str, *, about_code: bool = False) -> str:
    """Return what somebody else's sentence says, without what it quotes; `about_code` keeps quoted names."""
    line = text.strip().partition("\n")[0][:LONGEST]

    def hide(found: re.Match[str]) -> str:
        return found[0] if about_code and _PLAIN.fullmatch(found[0]) else GAP

    return _FOREIGN.sub(GAP, _QUOTED.sub(hide, masked(line)))


def field(value: Any) -> Any:
    """Return a field of an event as it may be logged, containers and what is in them included."""
    if isinstance(value, str):
        return sentence(value)
    if isinstance(value, Mapping):
        return {str(name): field(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [field(one) for one in value]
    if isinstance(value, BaseException):
        return _summary(value)
    return value if isinstance(value, _PASSED_ON) else sentence(str(value))


def trace(error: BaseException) -> str:
    """Return the traceback of an exception and of what caused it: places in the code, kinds and codes, no values."""
    return "\n".join(_told(error, set()))


def _told(error: BaseException, seen: set[int]) -> list[str]:
    seen.add(id(error))
    lines: list[str] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        lines += [*_told(cause, seen), "", "which led to:", ""]
    lines += ["Traceback (most recent call last):", *_places(error.__traceback__), _summary(error)]
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            lines += ["", "one of them:", *_told(one, seen)]
    return lines


def _places(of: TracebackType | None) -> list[str]:
    # The lines of the program are no secret: what is secret in them would be one in the repository.
    return [line.rstrip() for line in traceback.StackSummary.extract(traceback.walk_tb(of)).format()]


def _summary(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    code = next(
        (str(found) for name in ("sqlstate", "code", "status_code", "errno") if (found := _plain(error, name))), ""
    )
    said = sentence(_message(error), about_code=isinstance(error, _ABOUT_CODE))
    return ": ".join(filter(None, [f"{kind} [{code}]" if code else kind, said]))


def _plain(error: BaseException, name: str) -> str | None:
    found = getattr(error, name, None)
    return str(found) if isinstance(found, (str, int)) and _CODE.fullmatch(str(found)) else None


def _message(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        # Which fields, and what is wrong with them: pydantic's own words show what was in them.
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        return "; ".join(f"{'.'.join(map(str, fault['loc']))} {fault['type']}" for fault in faults)
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 (whatever its author did, the failure itself must be told)
        return f"its message failed with {type(failure).__name__}"
