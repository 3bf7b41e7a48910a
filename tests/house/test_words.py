"""Everything that people read is in the catalogue, and said in every language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from infra.local import catalogue
from infra.words import LANGUAGES
from tests.house.tree import PROCESSES, ROOT, Tree, keep, objections

HEAD = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'


@pytest.fixture(scope="module")
def template() -> Catalog:
    return catalogue.said(ROOT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_said_in_every_language(template: Catalog, language: str) -> None:
    known = catalogue.updated(ROOT, language, template)
    unfinished = [*catalogue.problems(language, known)]
    assert not unfinished, "\n".join(["Run `make i18n`, then finish in locale/:", *unfinished])
    path = ROOT / "locale" / language / "LC_MESSAGES" / "buhbot.po"
    assert catalogue.rendered(ROOT, language, known) == path.read_text(), "Run `make i18n` and commit what it writes."


def firm(root: Path, english: str = "", russian: str = "", source: str = '_("Вас <b>{n}</b>")\n') -> Path:
    for part in catalogue.SOURCES:
        (root / part).mkdir()
    (root / "bot" / "greeting.py").write_text(source)
    for language, entries in (("en", english), ("ru", russian)):
        folder = root / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "buhbot.po").write_text(f"{HEAD.format(language)}\n{entries}")
    return root


def text(translation: str, *flags: str) -> str:
    return "".join(f"#, {flag}\n" for flag in flags) + f'msgid "Вас <b>{{n}}</b>"\nmsgstr "{translation}"\n'


SAID = text("You are <b>{n}</b>")
CHATS = 'ngettext("{n} чат", "{n} чата", 2)\n'
PLURAL = 'msgid "{n} чат"\nmsgid_plural "{n} чата"\n'
ENGLISH = PLURAL + 'msgstr[0] "{n} chat"\nmsgstr[1] "{n} chats"\n'
RUSSIAN = PLURAL + 'msgstr[0] "{n} чат"\nmsgstr[1] "{n} чата"\nmsgstr[2] "{n} чатов"\n'


def test_a_finished_catalogue_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = firm(tmp_path, english=SAID + "\n" + ENGLISH, russian=RUSSIAN, source='_("Вас <b>{n}</b>")\n' + CHATS)
    assert catalogue.main(root) == 0
    assert "2 texts, all said in ru, en" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("english", "what"),
    [
        ("", "not translated"),
        (text("You are <b>{n}</b>", "fuzzy"), "marked fuzzy"),
        (text("You are <b>{m}</b>"), "has other {fields} or markup"),
        (text("You are {n}"), "has other {fields} or markup"),
        (text("Вас <b>{n}</b>"), "is still Russian"),
        (SAID + '\nmsgid "Пока"\nmsgstr "Bye"\n', "nobody says it any more"),
    ],
)
def test_an_unfinished_text_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], english: str, what: str
) -> None:
    assert catalogue.main(firm(tmp_path, english=english)) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("en: «") and what in line


@pytest.mark.parametrize(
    ("english", "russian", "line"),
    [
        (ENGLISH, PLURAL + 'msgstr[0] "{n} чат"\nmsgstr[1] "{n} чата"\n', "ru: «{n} чат»: needs 3 forms"),
        (ENGLISH, "", "ru: «{n} чат»: needs 3 forms"),
        (PLURAL + 'msgstr[0] "{n} chat"\nmsgstr[1] ""\n', RUSSIAN, "en: «{n} чат»: needs 2 forms"),
    ],
)
def test_a_plural_without_all_of_its_forms_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], english: str, russian: str, line: str
) -> None:
    assert catalogue.main(firm(tmp_path, english=english, russian=russian, source=CHATS)) == 1
    assert line in capsys.readouterr().out


def test_words_of_templates_are_found_and_a_broken_template_is_not_passed_over(tmp_path: Path) -> None:
    root = firm(tmp_path)
    page = root / "admin" / "page.html"
    page.write_text("<h1>{{ _('Чаты') }}</h1>")
    assert "Чаты" in catalogue.said(root)
    page.write_text("{% if %}")
    with pytest.raises(Exception, match="Expected an expression"):
        catalogue.said(root)


def test_what_was_translated_stays_and_a_lost_text_waits_at_the_end(tmp_path: Path) -> None:
    root = firm(tmp_path, english=SAID)
    (root / "bot" / "greeting.py").write_text('_("Вас было <b>{n}</b>")\n')
    catalogue.main(root)
    written = (root / "locale" / "en" / "LC_MESSAGES" / "buhbot.po").read_text()
    assert written.endswith('#~ msgid "Вас <b>{n}</b>"\n#~ msgstr "You are <b>{n}</b>"\n')
    assert 'msgid "Вас было <b>{n}</b>"\nmsgstr ""\n' in written


# Russian that is not ours to say.
OTHERS_WORDS = {
    "bot/classify.py": "what clients write",
}


def bare_words(tree: Tree) -> Iterator[str]:
    """Find texts that no catalogue holds: nobody looks them up, or they are put together first, or inside f-strings."""
    for file in tree.texts(".py", under=("bot/", "jobs/"), but=tuple(OTHERS_WORDS)):
        marked = {id(text) for node in file.nodes() for text in _looked_up(node)}
        # Neither does the extraction look inside f-strings.
        marked -= {id(part) for node in file.nodes() if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in file.nodes():
            if not isinstance(node, ast.Constant) or id(node) in marked or not isinstance(node.value, str):
                continue
            # Quotation marks are words, too: English has others.
            if re.search("[А-Яа-яЁё«»]", node.value):
                yield f"{file.path}:{node.lineno} {node.value}"


def _looked_up(node: ast.AST) -> list[ast.expr]:
    """Return what a call hands to the catalogue, and what documents a thing."""
    match node:
        case ast.Call(func=ast.Name("_" | "N_"), args=[text]):
            return [text]
        case ast.Call(func=ast.Name("ngettext"), args=[one, many, _]):
            return [one, many]
        case ast.Module(body=[ast.Expr(text), *_]) | ast.ClassDef(body=[ast.Expr(text), *_]):
            return [text]
        case ast.FunctionDef(body=[ast.Expr(text), *_]) | ast.AsyncFunctionDef(body=[ast.Expr(text), *_]):
            return [text]
    return []


def test_every_text_for_people_is_looked_up() -> None:
    keep(
        bare_words,
        "Say it through `_`, `ngettext` or `N_` of infra.words, as one text with {fields}, not put together.",
    )


def test_the_rule_about_bare_words_bites() -> None:
    bare = (
        'x = "Чат"',
        'f"«{x}»"',
        '_(f"Чат {name}")',
        'f"{name} ждёт"',
        '_("Чат" + name)',
        '_(x["Чат"])',
        "f\"{_('Чат')}\"",
    )
    for source in bare:
        assert objections(bare_words, {"bot/a.py": source}), source
    fine = '"""Чат."""\nasync def f():\n    """Чат."""\n    return _("Ча" "т"), N_("Чат"), ngettext("чат", "чата", n)\n'
    assert not objections(bare_words, {"bot/a.py": fine, "bot/classify.py": 'x = "Чат"', "tests/a.py": 'x = "Чат"'})


def bare_counts(tree: Tree) -> Iterator[str]:
    """Find counts that stand in a text as Python writes them."""
    for file in tree.texts(".py", under=PROCESSES):
        for node in file.nodes():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
                for field in node.keywords:
                    if field.arg == "n" and not ast.unparse(field.value).startswith(("number(", "_number(")):
                        yield f"{file.path}:{node.lineno} n={ast.unparse(field.value)}"
    for file in tree.texts(".py", ".html", under=PROCESSES):
        loose = r"\.format\([^\n]*?\bn=(?!_?number\b)" if file.path.endswith(".html") else r"\bN?_\(\s*\"[^\"]*\b\d{4}"
        for found in re.finditer(rf"{loose}|\b(_|ngettext)\(\"[^\"]*\b\d{{4}}", file.text):
            yield f"{file.at(found.start())}: {found.group()}"


def test_counts_are_written_as_the_language_groups_them() -> None:
    keep(bare_counts, "«6673 чата» is hard to read: `ngettext` writes its {n} itself, anything else goes by `number`.")


def test_the_rule_about_counts_bites() -> None:
    for path, source in (
        ("bot/a.py", '_("Ждут: {n}").format(n=waiting)'),
        ("bot/a.py", '_("До 4096 знаков")'),
        ("jobs/a.py", "words.format(name=x, n=len(y))"),
        ("admin/a.html", '{{ _("Ждут: {n}").format(n=page.waiting) }}'),
        ("admin/a.html", '{{ _("До 4096 знаков") }}'),
    ):
        assert objections(bare_counts, {path: source}), source
    for path, source in (
        ("bot/a.py", '_("Ждут: {n}").format(n=number(waiting)), _("{year} год").format(year=2026)'),
        (
            "admin/a.html",
            '{{ _("Ждут: {n}").format(n=number(page.waiting)) }} {{ ngettext("{n} чат", "{n} чата", n) }}',
        ),
    ):
        assert not objections(bare_counts, {path: source}), source


def escapes(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".py", under=("bot/", "jobs/"), but=("bot/messages/quoting.py",)):
        for found in re.finditer(r"\bhtml\.(quote|escape)\b|\bhtml_decoration\b|\bimport escape\b", file.text):
            yield f"{file.at(found.start())}: {found.group()}"


def test_html_is_escaped_in_one_place() -> None:
    keep(
        escapes, "bot/messages/quoting.py makes somebody's words Telegram HTML, and cuts them to what a message holds."
    )


def test_the_rule_about_escaping_bites() -> None:
    assert objections(escapes, {"bot/messages/a.py": "from aiogram import html\nx = html.quote(name)\n"})
    assert not objections(escapes, {"bot/messages/quoting.py": "html.quote(name)\n", "bot/a.py": "quoted(name, 5)\n"})
