"""Words of frequent questions, for who looks up what clients are told."""

from pydantic import BaseModel, ConfigDict

from bot.messages.quoting import TITLE, quoted, verbatim
from infra.words import _

# Five of them fit one message.
_QUESTION, _ANSWER = 150, 550


class Item(BaseModel):
    """A question and its answer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str
    answer: str


class Found(BaseModel):
    """What fits some words, as `api.staff_faq` gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    words: str
    items: list[Item]


def answers(found: Found) -> str:
    """Return questions with their answers, the best first."""
    if not found.items:
        return _nothing(found.words)
    items = [f"<b>{quoted(one.question, _QUESTION)}</b>\n{verbatim(one.answer, _ANSWER)}" for one in found.items]
    hint = [] if found.words else [_("Поиск — словами после команды: <code>/faq справка</code>")]
    return "\n\n".join([*items, *hint])


def _nothing(words: str) -> str:
    if words:
        return _("По словам «{words}» ничего не нашлось.").format(words=quoted(words, TITLE))
    return _("Частых вопросов пока нет. Их добавляет руководитель в панели.")
