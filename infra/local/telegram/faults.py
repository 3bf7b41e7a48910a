"""Failures on order: the next calls of a method are refused, hang, or succeed without the bot hearing of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from infra.local.telegram.errors import ApiError, ProxyError
from infra.local.telegram.world import Part


class Fault(Part):
    """The next `times` calls of `method` ("*": any, "download": of files) go wrong.

    Only those to `chat_id`, where one is given, and only those that say `words`.

    First they hang for `hang_seconds`; then, with a `code`, they are answered with it, by a proxy's HTML page when
    `page` is set. `done` means that Telegram did the work before: the answer alone is lost.
    """

    method: str = "*"
    chat_id: int | None = None
    words: str = ""
    times: int = Field(default=1, ge=1)
    hang_seconds: float = Field(default=0, ge=0, le=600)
    code: int | None = Field(default=None, ge=400, le=599)
    description: str = "Internal Server Error"
    parameters: dict[str, Any] = Field(default_factory=dict)
    page: bool = False
    done: bool = False


@dataclass
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def next_for(self, method: str, fields: Mapping[str, Any]) -> Fault | None:
        """Use up one turn of the first fault that fits a call and its fields."""
        for fault in self.waiting:
            fits_chat = fault.chat_id is None or str(fault.chat_id) == str(fields.get("chat_id"))
            if fits_chat and fault.words in str(fields.get("text")) and fault.method.lower() in ("*", method.lower()):
                fault.times -= 1
                if not fault.times:
                    self.waiting.remove(fault)
                return fault
        return None


async def suffer(fault: Fault) -> None:
    if fault.hang_seconds:
        await asyncio.sleep(fault.hang_seconds)
    if fault.code and fault.page:
        raise ProxyError(fault.code, fault.description)
    if fault.code:
        raise ApiError(fault.code, fault.description, **fault.parameters)
