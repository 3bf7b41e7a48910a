"""`make i18n`: brings `locale/` up to what the source says, and names every text that is not said in every language.

The source is Russian, so Russian needs no more than its plurals; English needs everything. A text that the source lost
stays at the end of its catalogue until somebody takes it out, because its translation may fit the text that came.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from infra.words import LANGUAGES

ROOT = Path(__file__).parents[2]
SOURCES = ("admin", "bot", "infra", "jobs")

_METHODS = [("**.py", "python"), ("**.html", "jinja2")]
# A template that cannot be read must not look like one without words.
_OPTIONS = {"**.html": {"silent": "false"}}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_WIDTH = 110

_MARKS = re.compile(r"\{[^{}]*\}|</?[a-z][^>]*>")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")


def said(root: Path) -> Catalog:
    """Return every text that the source marks, with where it is said."""
    template = Catalog()
    for part in SOURCES:
        for path, line, text, _, _ in extract_from_dir(root / part, _METHODS, _OPTIONS, _KEYWORDS):
            template.add(text, locations=[(f"{part}/{path}", line)])
    return template


def updated(root: Path, language: str, template: Catalog) -> Catalog:
    """Return a language's catalogue with the texts of the source; translations of what it lost are obsolete ones."""
    with _path(root, language).open("rb") as source:
        catalogue = read_po(source, locale=language)
    # A guess from a similar text would have to be judged by somebody all the same.
    catalogue.update(template, no_fuzzy_matching=True)
    for key in [key for key, message in catalogue.obsolete.items() if not any(_forms(message))]:
        del catalogue.obsolete[key]
    return catalogue


def rendered(root: Path, language: str, catalogue: Catalog) -> str:
    """Return the file: its own head, then texts by place without line numbers, so that branches merge."""
    head = _path(root, language).read_text(encoding="utf-8").partition("\n\n")[0].rstrip()
    body = io.BytesIO()
    write_po(body, catalogue, width=_WIDTH, omit_header=True, sort_by_file=True, include_lineno=False)
    return f"{head}\n\n{body.getvalue().decode().strip()}".rstrip() + "\n"


def problems(language: str, catalogue: Catalog) -> Iterator[str]:
    """Yield a line for every text that people would not read as it was meant."""
    for message in catalogue:
        if message.id and (what := _wrong(language, catalogue.num_plurals, message)):
            yield f"{language}: «{_first(message.id)}»: {what}"
    for message in catalogue.obsolete.values():
        yield f"{language}: «{_first(message.id)}»: nobody says it any more, take it out"


def main(root: Path = ROOT) -> int:
    """Write every catalogue; return the exit code, 1 when a text is not finished."""
    template = said(root)
    unfinished: list[str] = []
    for language in LANGUAGES:
        catalogue = updated(root, language, template)
        _path(root, language).write_text(rendered(root, language, catalogue), encoding="utf-8")
        unfinished += problems(language, catalogue)
    print("\n".join(unfinished) or f"{len(template)} texts, all said in {', '.join(LANGUAGES)}")
    return 1 if unfinished else 0


def _wrong(language: str, plurals: int, message: Message) -> str | None:
    """Return what is wrong with a text; None when nothing is."""
    if message.fuzzy:
        return "marked fuzzy, somebody has to judge it"
    forms = _forms(message)
    if message.pluralizable and not (len(forms) == plurals and all(forms)):
        return f"needs {plurals} forms"
    if not all(forms):
        return None if language == LANGUAGES[0] else "not translated"
    if any(_marks(form) != _marks(_first(message.id)) for form in forms):
        return "has other {fields} or markup than the source"
    if language != LANGUAGES[0] and any(map(_CYRILLIC.search, forms)):
        return "is still Russian"
    return None


def _forms(message: Message) -> list[str]:
    told = message.string if isinstance(message.string, list | tuple) else [message.string]
    return [form or "" for form in told]


def _marks(text: str) -> list[str]:
    return sorted(_MARKS.findall(text))


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _path(root: Path, language: str) -> Path:
    return root / "locale" / language / "LC_MESSAGES" / "buhbot.po"


if __name__ == "__main__":
    sys.exit(main())
