import re
from datetime import timedelta

import psycopg
from psycopg.rows import dict_row

from infra.local.demo.day import ELENA, EXCHANGES, GROUPS, IVAN, LAST_QUESTIONS, OLGA, UNANSWERED, exchanges
from infra.local.demo.play import play
from tests.stack import Stack


def test_the_demo_day_has_six_chats_three_accountants_and_two_hundred_messages() -> None:
    lines = [line for exchange in exchanges() for line in exchange]
    assert len(lines) == 200
    assert {group.accountant for group in GROUPS} == {OLGA, IVAN, ELENA}
    assert {line.chat_id for line in lines} == {group.id for group in GROUPS}
    assert len(GROUPS) == 6
    assert all(re.search("[а-яё]", line.text, re.IGNORECASE) or line.text == "👍" for line in lines)


def test_the_demo_ends_on_the_eve_of_a_holiday_with_two_who_wait_and_one_who_waits_too_long(stack: Stack) -> None:
    assert play(stack.env, seconds=0) == 200
    with psycopg.connect(stack.env["DATABASE_URL"], row_factory=dict_row) as db:
        windows = db.execute(
            "select o.chat_id, o.outcome, o.due_at, o.opened_at from api.request_outcomes as o"
            " where o.chat_id = any (%s)",
            [[group.id for group in GROUPS]],
        ).fetchall()
    waiting = [window for window in windows if window["outcome"] == "waiting"]
    assert {window["chat_id"] for window in waiting} == {line.chat_id for line in LAST_QUESTIONS}
    assert all(window["due_at"] - window["opened_at"] > timedelta(days=1) for window in waiting)
    outcomes = [window["outcome"] for window in windows]
    assert [window["chat_id"] for window in windows if window["outcome"] == "overdue"] == [UNANSWERED[0]]
    assert {"met", "met_late"} <= set(outcomes)
    assert outcomes.count("met") > outcomes.count("met_late")
    assert len(outcomes) <= len(EXCHANGES) * len(GROUPS) + len(LAST_QUESTIONS)
