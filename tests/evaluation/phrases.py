"""The labelled phrases, as clients of an accounting firm write, and which of them no rule was fitted to."""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bot.classify import Class

PHRASES = Path(__file__).parents[1] / "data" / "phrases.jsonl"


class Phrase(BaseModel):
    """A message without its chat; `note` says which kind of trap it is."""

    model_config = ConfigDict(frozen=True)

    text: str
    label: Class = Field(alias="class")
    language: str
    note: str

    @property
    def is_held_out(self) -> bool:
        """A third, by the text alone: nobody looks at it while writing rules, and no new phrase moves another."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0


def load() -> list[Phrase]:
    """Return every phrase."""
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    return [Phrase.model_validate(json.loads(line)) for line in lines]
