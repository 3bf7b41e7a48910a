"""Just enough of SQL's grammar to lint it as text: what is code, what is comment, where a statement ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tests.house.tree import File, Tree

MIGRATIONS = "supabase/migrations/"
POLICIES = "supabase/policies/"

_COMMENT = r"--[^\n]*|/\*.*?\*/"
_QUOTED = r"'(?:''|[^'])*'|\"(?:\"\"|[^\"])*\""
# Bodies in dollar quotes are code too, so only their marks are special, and only for finding the end of a statement.
_TOKEN = re.compile(rf"(?P<comment>{_COMMENT})|(?P<quoted>{_QUOTED})", re.DOTALL)
_DOLLARS = re.compile(r"\$\w*\$")


@dataclass(frozen=True)
class Statement:
    """One statement; `code` has blanks for comments and quoted text, `words` for comments only."""

    file: File
    start: int
    text: str
    words: str
    code: str

    @property
    def where(self) -> str:
        """`path:line` of the first word."""
        return self.file.at(self.start + len(self.words) - len(self.words.lstrip()))

    def comments(self) -> str:
        return " ".join(found["comment"] for found in _TOKEN.finditer(self.text) if found["comment"])


def code(text: str) -> str:
    """The text with comments and everything quoted blanked out, place by place."""
    return _TOKEN.sub(_blank, text)


def words(text: str) -> str:
    """The text with comments blanked out, place by place."""
    return _TOKEN.sub(lambda found: _blank(found) if found["comment"] else found[0], text)


def statements(tree: Tree, *under: str) -> Iterator[Statement]:
    """Yield every statement, with the comment before it, of the SQL files in these folders (or anywhere)."""
    for file in tree.texts(".sql", under=under or ("",)):
        yield from _split(file)


@cache
def _split(file: File) -> tuple[Statement, ...]:
    plain, spoken = code(file.text), words(file.text)
    edges = [0, *(at + 1 for at in _ends(plain)), len(plain)]
    return tuple(
        Statement(file, start, file.text[start:end], spoken[start:end], plain[start:end])
        for start, end in pairwise(edges)
        if plain[start:end].strip()
    )


def _ends(plain: str) -> Iterator[int]:
    """Semicolons outside dollar quotes."""
    closing = None
    for found in re.finditer(rf"{_DOLLARS.pattern}|;", plain):
        if found[0] == ";":
            if closing is None:
                yield found.start()
        elif closing is None:
            closing = found[0]
        elif closing == found[0]:
            closing = None


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])
