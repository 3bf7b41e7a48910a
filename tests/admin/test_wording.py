"""Templates by language."""

import pytest
from jinja2 import DictLoader

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
