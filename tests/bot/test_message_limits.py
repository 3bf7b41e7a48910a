"""Whatever people call themselves, Telegram takes our messages, and nothing in them is markup but ours."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import chat_notice, feedback, feedback_case, feedback_digest, sla_digest, sla_escalation, start
from bot.messages.windows import MessageFacts, WindowFacts
from infra.local.telegram.keyboards import inline_keyboard
from infra.local.telegram.texts import message_text
from infra.words import LANGUAGES, language, speaking
from tests.bot.snapshots.feedback import SURVEY, VOTE
from tests.bot.snapshots.feedback_case import CASE
from tests.bot.snapshots.feedback_digest import DIGEST, NOW, OLGA
from tests.bot.told import BUTTONS, CHAT_URL, ROW, TEXTS, answered, facts, window

# Whatever clients call themselves: markup, entities, line breaks, direction marks, signs of two UTF-16 units.
HOSTILE = st.text(
    st.one_of(st.sampled_from("<>&\"'/\n\t \u202e\U0001f525"), st.characters(exclude_categories=["Cs", "Cc"])),
    min_size=1,
    max_size=300,
)
NAME = HOSTILE.map(lambda text: text * 30).map(lambda text: text[:300])
LONG = {"closed_because": None, "level": 5, "message_count": 10**6, "waited_minutes": 10**6, "target_minutes": 10080}
HOSTILE_WINDOW = st.builds(
    lambda names, **more: window(**{**LONG, **dict.fromkeys(TEXTS, names), **more}),
    NAME,
    outcome=st.sampled_from(["waiting", "at_risk", "overdue"]),
    breach_voided=st.booleans(),
    closed_because=st.sampled_from([None, None, "answered", "no_answer_needed", "edited"]),
    chat_url=st.sampled_from([None, CHAT_URL]),
)


@pytest.fixture(scope="module", params=LANGUAGES, autouse=True)
def spoken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each promise holds in every language."""
    with speaking(request.param):
        yield


@given(st.lists(HOSTILE_WINDOW, max_size=20), NAME, st.sampled_from([sla_escalation.alert, sla_digest.digest]))
def test_whatever_people_call_themselves_telegram_takes_the_message(
    told: list[WindowFacts], name: str, words: Callable[[MessageFacts], str]
) -> None:
    """Read as Telegram reads it: markup is well-formed and our own, and 4096 UTF-16 units are enough."""
    told = sorted(told, key=lambda one: not one.waits)
    told = [one for one in told if one.waits][:10] + [one for one in told if not one.waits][:10]
    message = facts(*told, chat_name=name, more=10**6 if any(one.waits for one in told) else 0)
    text, entities = message_text(words(message), "HTML", None)
    assert text
    assert {one.type for one in entities if one.type in ("bold", "italic", "text_link", "code")} <= {
        "bold",
        "text_link",
    }
    assert {one.url for one in entities if one.type == "text_link"} <= {CHAT_URL}
    keyboard = sla_escalation.keyboard(message, ROW, BUTTONS)
    assert keyboard is None or inline_keyboard(keyboard.model_dump(exclude_none=True))


@pytest.mark.parametrize("words", [sla_escalation.alert, sla_digest.digest])
@pytest.mark.parametrize("chats", [1, 2, 10])
def test_the_longest_list_fits_a_telegram_message(words: Callable[[MessageFacts], str], chats: int) -> None:
    fires = dict.fromkeys(TEXTS, "🔥" * 300)
    told = [window(**{**LONG, **fires, "chat_name": f"{n % chats}{'🔥' * 300}"}) for n in range(10)]
    ended = [answered(**{**fires, "waited_minutes": 10**6}) for _ in range(10)]
    for message in (facts(*told, *ended, chat_name="🔥" * 300, more=10**6), facts(*ended, chat_name="🔥" * 300)):
        message_text(words(message), "HTML", None)


@given(HOSTILE)
def test_no_name_is_markup(name: str) -> None:
    notice, entities = message_text(chat_notice.notice(facts(chat_name=name)), "HTML", None)
    assert ("Бот удалён из чата" if language() == "ru" else "The bot was removed from the chat") in notice
    assert not any(one.type in ("bold", "text_link") for one in entities)


def test_a_name_of_markup_stays_text() -> None:
    evil = "<a href='x'>&</a>"
    message = facts(window(**dict.fromkeys(TEXTS, evil), chat_url=None))
    met = [words(evil, is_alerted=is_alerted) for words in (start.greeting, start.tied) for is_alerted in (True, False)]
    for text in (sla_escalation.alert(message), sla_digest.digest(message), *met):
        assert "<a" not in text
        assert "&lt;a" in text


@given(NAME)
def test_whatever_clients_say_of_the_firm_telegram_takes_the_message(name: str) -> None:
    names = dict.fromkeys(("chat_name", "client_name", "accountant_name", "voter_name"), name)
    crowd = [OLGA.model_copy(update={"name": name})] * 100
    for text in (
        feedback.survey(SURVEY.model_copy(update={"firm_name": name, "chat_name": name}), NOW, is_private=True),
        feedback_case.alert(CASE.model_copy(update={**names, "comment": (name * 20)[:4096]}), NOW),
        feedback_digest.digest(DIGEST.model_copy(update={"name": name, "accountants": crowd}), NOW),
    ):
        _, entities = message_text(text, "HTML", None)
        assert {one.url for one in entities if one.type == "text_link"} <= {CHAT_URL}


@pytest.mark.parametrize("outcome", ["voted", "changed", "same", "withdrawn", "nothing"])
@pytest.mark.parametrize("is_private", [True, False])
def test_what_a_voter_is_told_fits_a_toast(outcome: str, *, is_private: bool) -> None:
    assert len(feedback.voted(VOTE.model_copy(update={"outcome": outcome}), is_private=is_private)) <= 200
