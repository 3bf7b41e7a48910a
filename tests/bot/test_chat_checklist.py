"""The checklist says what the health page finds, to whom it may be said, and in a form that Telegram takes."""

import re

import pytest
from hypothesis import given

from bot.messages import chat_checklist, chat_invitation
from bot.messages.chat_checklist import CHECKS, FIXES, Finding
from infra.local.telegram.keyboards import inline_keyboard
from infra.local.telegram.texts import message_text
from tests.bot.snapshots.chat_checklist import AMISS, WELL, diagnosis
from tests.bot.snapshots.chat_invitation import NOW, invitation
from tests.bot.test_message_limits import NAME
from tests.bot.told import BUTTONS
from tests.stack import ROOT

# What the same function says of other things: states, standings of the bot, kinds of chats and of steps.
_OTHER = """
    green amber red left kicked administrator creator group supergroup breach escalation
""".split()


def test_everything_that_is_found_has_words() -> None:
    """SQL is the one source of what is checked: its latest keys, and no others, are said."""
    migrations = "".join(path.read_text() for path in sorted((ROOT / "supabase" / "migrations").glob("*.sql")))
    found = (
        r"function private\.(chat_checks|chat_findings)\(as_of timestamptz, of_chat.*?"
        r"(?:\$\$(.*?)\$\$|begin atomic(.*?)\$body\$)"
    )
    # The latest of each.
    body = "".join({name: text or told for name, text, told in re.findall(found, migrations, re.DOTALL)}.values())
    body = re.sub(r"/\*.*?\*/|--[^\n]*", "", body, flags=re.DOTALL)
    keys = set(re.findall(r"'([a-z_]+)'", body)) - set(_OTHER)
    assert keys == CHECKS.keys() | FIXES.keys()


@pytest.mark.parametrize(("may_change", "buttons"), [(True, ["Проверить снова"]), (False, None)])
def test_only_who_may_mend_gets_buttons(*, may_change: bool, buttons: list[str] | None) -> None:
    keyboard = chat_checklist.keyboard(diagnosis(*WELL, may_change=may_change), BUTTONS)
    assert (keyboard and [row[0].text for row in keyboard.inline_keyboard]) == buttons


def test_e12_measuring_is_offered_only_where_somebody_would_hear() -> None:
    deaf = Finding(check="recipients_reachable", state="amber", fix="make_somebody_reachable")
    assert diagnosis(*WELL, is_measured=False).may_be_measured
    assert not diagnosis(deaf, is_measured=False).may_be_measured
    assert not diagnosis(*WELL, is_connected=False, is_measured=False).may_be_measured


@given(NAME)
def test_whatever_people_call_themselves_telegram_takes_it(name: str) -> None:
    names = dict.fromkeys(("client", "accountant", "policy"), name)
    found = diagnosis(*AMISS, *WELL, chat_name=name, connected_by=name, **names)
    card, _ = chat_invitation.card(invitation(**names), "https://t.me/b?startgroup=t", NOW, BUTTONS)
    for text in (chat_checklist.checklist(found), card):
        _, entities = message_text(text, "HTML", None)
        assert {one.type for one in entities if one.type in ("bold", "italic", "text_link", "code")} <= {"bold"}
    keyboard = chat_checklist.keyboard(found, BUTTONS)
    assert keyboard
    assert inline_keyboard(keyboard.model_dump(exclude_none=True))
