"""Templates by language."""

import pytest
from jinja2 import DictLoader

from admin.wording import Worded, WordedEnvironment
from infra.words import _, speaking

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
