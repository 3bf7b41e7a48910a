"""Templates by language."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from jinja2 import DictLoader, StrictUndefined, UndefinedError, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from admin.wording import Worded, WordedEnvironment
from infra.words import _, ngettext, speaking

PAGE = '<a title="{{ _(\'Чаты\') }}">{{ _("Ждут") }} {{ _(word) }} {{ _("с {day}").format(day=day) }}</a>'


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", '<a title="Чаты">Ждут Клиенты с &lt;1 мая&gt;</a>'),
        ("en", '<a title="Chats">Waiting Clients from &lt;1 мая&gt;</a>'),
    ],
)
def test_a_template_speaks_the_readers_language_and_escapes_what_is_put_into_it(language: str, said: str) -> None:
    environment = WordedEnvironment(loader=DictLoader({"page.html": PAGE}), autoescape=True)
    environment.globals["_"] = _
    templates = Worded(environment)
    with speaking(language):
        assert templates.get_template("page.html").render(word="Клиенты", day="<1 мая>") == said


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("ru", 6671, "6\u00a0671 чат"),
        ("ru", 6673, "6\u00a0673 чата"),
        ("ru", 12000, "12\u00a0000 чатов"),
        ("en", 6673, "6,673 chats"),
        ("en", 1, "1 chat"),
    ],
)
def test_a_count_is_in_its_text_as_the_language_groups_it(language: str, count: int, said: str) -> None:
    with speaking(language):
        assert ngettext("{n} чат", "{n} чата", count) == said


class Marked:
    """Says itself how it stands in a page."""

    def __init__(self, _it: str = "") -> None:
        pass

    def __html__(self) -> str:
        return "<b>да</b>"


class Name(str):
    """A text of its own kind."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    ["<\"'&>", Name("<i>"), Markup("<i>"), Marked(), 7, True, None, 1.5, Decimal("1.50"), UUID(int=7), ["<i>"]],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_written_as_jinja_would_write_it(value: Any) -> None:
    source = "{% macro cell(it) %}<td>{{ it }}</td>{% endmacro %}{{ value }}{{ cell(value) }}"
    page = WordedEnvironment(autoescape=True).from_string(source)
    assert page.render(value=value) == f"{escape(value)}<td>{escape(value)}</td>"


def test_a_value_that_nobody_gave_is_no_empty_text() -> None:
    page = WordedEnvironment(autoescape=True, undefined=StrictUndefined).from_string("{{ value }}")
    with pytest.raises(UndefinedError):
        page.render()


CALLS = """
{%- macro row(it) %}<td>{{ it }}{{ caller() if caller else "" }}</td>{% endmacro -%}
{%- macro named(it, word="—") %}{{ word }} {{ it }}{% endmacro -%}
{{ row("<a>") }}{{ named("b", word="<c>") }}{% call row("d") %}<i>{{ told() }}</i>{% endcall %}
{%- for it in "ef" %}{{ named(it) }}{{ it.upper() }}{{ told() }}{{ kind(it) }}{% endfor %}
"""


@pass_context
def _told(context: Context) -> str:
    return f"<{context['name']}>"


def test_what_is_called_is_told_what_it_asks_for() -> None:
    page = WordedEnvironment(autoescape=True).from_string(CALLS)
    told = "&lt;Анна&gt;"
    assert page.render(told=_told, name="Анна", kind=Marked) == (
        f"<td>&lt;a&gt;</td>&lt;c&gt; b<td>d<i>{told}</i></td>— eE{told}<b>да</b>— fF{told}<b>да</b>"
    )
