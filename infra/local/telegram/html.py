"""parse_mode=HTML: plain text and its entities, or the refusal that Telegram would give."""

import re
from dataclasses import dataclass, field
from html import unescape

from infra.local.telegram.errors import ApiError, bad_request
from infra.local.telegram.world import Entity

_ENTITY_OF = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""")
_TAG = re.compile(r"""<(/?)([a-zA-Z0-9-]+)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*>""")
# Telegram knows these four names and numbers; any other `&name;` is text.
_CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_PERSON = re.compile(r"tg://user\?id=(\d+)$")


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class _Open:
    tag: str
    offset: int
    attributes: dict[str, str]


@dataclass
class _Parse:
    source: str
    text: list[str] = field(default_factory=list)
    length: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)

    def refuse(self, problem: str, position: int) -> ApiError:
        return bad_request(f"can't parse entities: {problem} at byte offset {len(self.source[:position].encode())}")

    def words(self, raw: str) -> None:
        plain = _CHARACTER.sub(lambda found: unescape(found.group()), raw)
        self.text.append(plain)
        self.length += utf16_length(plain)

    def start(self, tag: str, attributes: str, position: int) -> None:
        if tag not in _ENTITY_OF:
            raise self.refuse(f'Unsupported start tag "{tag}"', position)
        given = {name.lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(attributes)}
        if tag == "span" and given.get("class") != "tg-spoiler":
            raise self.refuse('Tag "span" must have class "tg-spoiler"', position)
        self.open.append(_Open(tag, self.length, given))

    def end(self, tag: str, position: int) -> None:
        if not self.open:
            raise self.refuse("Unexpected end tag", position)
        opened = self.open.pop()
        if opened.tag != tag:
            offset = len(self.source[:position].encode())
            raise bad_request(
                f"can't parse entities: Unmatched end tag at byte offset {offset}, "
                f'expected "</{opened.tag}>", found "</{tag}>"'
            )
        if self.length > opened.offset:
            self.entities.extend(_entity(opened, self.length - opened.offset, "".join(self.text)))


def _entity(opened: _Open, length: int, text: str) -> list[Entity]:
    """Return the entity of a closed tag; a link that leads nowhere is plain text, as Telegram has it."""
    kind = _ENTITY_OF[opened.tag]
    entity = Entity(type=kind, offset=opened.offset, length=length)
    if kind == "blockquote" and "expandable" in opened.attributes:
        entity.type = "expandable_blockquote"
    if opened.tag == "a":
        shown = text.encode("utf-16-le")[opened.offset * 2 :].decode("utf-16-le", "replace")
        url = unescape(opened.attributes.get("href", shown))
        if person := _PERSON.match(url):
            return [Entity(type="text_mention", offset=entity.offset, length=length, user_id=int(person[1]))]
        if "." not in url and "://" not in url:
            return []
        entity.url = url if "://" in url else f"http://{url}/"
    if kind == "code" and opened.attributes.get("class", "").startswith("language-"):
        entity.language = opened.attributes["class"].removeprefix("language-")
    return [entity]


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return the text without its tags and the entities in the order of their offsets."""
    parse, position = _Parse(source), 0
    while (at := source.find("<", position)) >= 0:
        parse.words(source[position:at])
        tag = _TAG.match(source, at)
        if not tag:
            name = re.match(r"</?([^\s>]*)", source[at:])
            raise parse.refuse(f'Unsupported start tag "{name[1].lower() if name else ""}"', at)
        if tag[1]:
            parse.end(tag[2].lower(), at)
        else:
            parse.start(tag[2].lower(), tag[3], at)
        position = tag.end()
    parse.words(source[position:])
    if parse.open:
        raise bad_request(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{parse.open[-1].tag}\""
        )
    return "".join(parse.text), sorted(parse.entities, key=lambda one: (one.offset, -one.length))
