"""Texts as Telegram takes them: marked up, trimmed, within 4096 or 1024 UTF-16 units."""

import re
from collections.abc import Sequence
from typing import Any

from infra.local.telegram.errors import bad_request, not_written
from infra.local.telegram.html import parse_html, utf16_length
from infra.local.telegram.world import Entity

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

# Telegram marks these by itself, in what people write and in what bots send.
_FOUND = (
    ("bot_command", re.compile(r"(?<![\w/])/[a-zA-Z0-9_]{1,64}(?:@\w{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w@])@[a-zA-Z]\w{3,31}\b")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)»]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
)


def found_entities(text: str) -> list[Entity]:
    """Return commands, mentions, hashtags, links and addresses, left to right."""
    found = [
        Entity(type=kind, offset=utf16_length(text[: hit.start()]), length=utf16_length(hit.group()))
        for kind, pattern in _FOUND
        for hit in pattern.finditer(text)
    ]
    return sorted(found, key=lambda one: one.offset)


def _given(entities: Sequence[dict[str, Any]], length: int) -> list[Entity]:
    given = []
    for one in entities:
        person = one.get("user") or {}
        fields = {key: one[key] for key in ("type", "offset", "length", "url", "language") if one.get(key) is not None}
        entity = Entity.model_validate({**fields, "user_id": person.get("id")})
        if entity.offset < 0 or entity.length <= 0 or entity.offset + entity.length > length:
            raise bad_request("entity beyond the end of the text")
        given.append(entity)
    return given


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    shift, kept = utf16_length(text) - utf16_length(text.lstrip()), text.strip()
    end, moved = utf16_length(kept), []
    for entity in entities:
        start = max(0, entity.offset - shift)
        stop = min(end, entity.offset + entity.length - shift)
        if stop > start:
            moved.append(entity.model_copy(update={"offset": start, "length": stop - start}))
    return kept, moved


def marked_up(text: str, parse_mode: str | None, entities: Sequence[dict[str, Any]] | None) -> tuple[str, list[Entity]]:
    """Return the plain text and its entities, its own ones first, found ones where nothing was marked."""
    mode = (parse_mode or "").lower()
    if mode.startswith("markdown"):
        raise not_written(f"parse_mode {parse_mode}")
    if mode not in ("", "html"):
        raise bad_request("unsupported parse_mode")
    plain, own = parse_html(text) if mode == "html" else (text, _given(entities or [], utf16_length(text)))
    plain, own = _trimmed(plain, own)
    taken = [(one.offset, one.offset + one.length) for one in own if one.type in ("text_link", "code", "pre")]
    found = [one for one in found_entities(plain) if not any(start <= one.offset < end for start, end in taken)]
    return plain, sorted(own + found, key=lambda one: one.offset)


def message_text(
    text: str, parse_mode: str | None, entities: Sequence[dict[str, Any]] | None
) -> tuple[str, list[Entity]]:
    plain, marks = marked_up(text, parse_mode, entities)
    if not plain:
        raise bad_request("message text is empty")
    if utf16_length(plain) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return plain, marks


def caption_text(
    caption: str | None, parse_mode: str | None, entities: Sequence[dict[str, Any]] | None
) -> tuple[str | None, list[Entity]]:
    plain, marks = marked_up(caption or "", parse_mode, entities)
    if utf16_length(plain) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return plain or None, marks
