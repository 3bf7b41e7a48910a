"""Everything private that a run of the tests has sent, and where it stands in the logs, if anywhere (I10)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

# What may stand in a log although somebody of the firm wrote it as well: words of ours, no names.
SHORTEST = 6
# Whatever the run itself did not keep: shapes that no line may have.
SHAPES = {
    "a token of a person": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}"),
    "a key of Supabase": re.compile(r"\bsb_(?:secret|publishable)_\w{8,}"),
    "a bot token": re.compile(r"(?<!\d)\d{5,}:[A-Za-z_-][\w-]{20,}"),
    "an e-mail address": re.compile(r"\b[\w.+-]+@[\w-]+\.(?:test|ru|com|org)\b"),
    "a telephone number": re.compile(r"(?<![\w.-])\+7[ (-]{0,2}\d{3}[ )-]{0,2}\d{3}"),
    "a one-time link": re.compile(r"[?&](?:token|token_hash|code)=[^\s&\"\[…]{6,}|/invite/[^\s\"\[…]{6,}"),
}
SECRETS = ("SERVICE_ROLE_KEY", "BOT_TOKEN", "SECRET")
_WRITTEN = """
  select t.text
  from (
    select m.message_text from public.chat_messages as m
    union select m.caption from public.chat_messages as m
    union select m.author_name from public.chat_messages as m
    union select m.media_file_id from public.chat_messages as m
    union select c.chat_name from public.chats as c
    union select k.name from public.clients as k
    union select u.full_name from public.users as u
    union select u.email from public.users as u
    union select u.encrypted_password from auth.users as u
  ) as t (text)
  where t.text is not null
"""


def written(url: str) -> set[str]:
    """Every text, name, address and file that the database holds."""
    with psycopg.connect(url) as db:
        return {text for (text,) in db.execute(_WRITTEN)}


def secrets(environment: Mapping[str, str]) -> set[str]:
    """The secrets of a stack."""
    return {value for name, value in environment.items() if name.endswith(SECRETS)}


def findings(logs: Iterable[Path], private: Iterable[str]) -> list[str]:
    """One line for each place in the logs where something private stands: file, line, and what is there."""
    told = sorted({line for text in private for line in _parts(text)}, key=len, reverse=True)
    anything = re.compile("|".join(map(re.escape, told))) if told else None
    return [finding for log in logs for finding in _in(log, anything)]


def _in(log: Path, anything: re.Pattern[str] | None) -> Iterator[str]:
    for number, line in enumerate(log.read_text(errors="replace").splitlines(), 1):
        if anything and (found := anything.search(line)):
            yield f"{log}:{number}: {found[0]!r}, which somebody wrote"
        for name, shape in SHAPES.items():
            if found := shape.search(line):
                yield f"{log}:{number}: {name}, {found[0][:12]}…"


def _parts(text: str) -> Iterator[str]:
    """The lines of a text that are long enough to be no word of ours."""
    for line in text.splitlines():
        if len(line.strip()) >= SHORTEST and (not line.isascii() or " " in line or len(line) >= 2 * SHORTEST):
            yield line.strip()
            # As JSON writes it where nobody told it not to, and as an address does.
            yield line.strip().encode("ascii", "backslashreplace").decode()
            yield quote(line.strip())
