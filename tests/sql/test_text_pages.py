"""`/templates` and `/faq`: who writes, what is put away, and what is tried out."""

from uuid import uuid4

import psycopg
import pytest

from tests.sql.asking import asked, refusal
from tests.sql.firm import (
    MARIA,
    OLGA,
    PETR,
    STAFF,
    Connection,
    one,
)


@pytest.mark.parametrize("role", STAFF)
def test_texts_are_written_by_keepers_alone(db: Connection, role: str) -> None:
    who = STAFF[role]
    calls = (
        "save_template('Акты', 'Готов', 'Здравствуйте')",
        "save_faq_item('Где акт?', 'В чате', '{акт, Акт, \"\"}')",
    )
    for call in calls:
        if role in {"admin", "manager"}:
            assert asked(db, who, call)
        else:
            assert refusal(db, who, call) == "not_allowed"


def test_a_text_is_put_away_and_comes_back(db: Connection) -> None:
    text = asked(db, PETR, "save_template('Акты', 'Готов', 'Здравствуйте, {{ client_name }}')")
    asked(db, PETR, "archive_template(%s)", text)
    assert [t["id"] for t in asked(db, OLGA, "templates_page(archived => true)")["templates"]] == [str(text)]
    assert asked(db, OLGA, "templates_page()")["templates"] == []
    assert one(db, "select api.staff_templates(%s)", OLGA)["total"] == 0
    with pytest.raises(psycopg.ProgrammingError, match="unknown_template"), db.transaction():
        one(db, "select private.template_to_send(%s)", text)
    asked(db, PETR, "archive_template(%s, false)", text)
    assert one(db, "select api.staff_templates(%s)", OLGA)["total"] == 1
    changed = asked(db, PETR, "save_template('Акты', 'Готов', 'Иначе', %s)", text)
    (found,) = asked(db, OLGA, "templates_page('инач', 'Акты')")["templates"]
    assert (found["id"], changed) == (str(text), text)


def test_a_text_that_could_not_be_sent_is_not_kept(db: Connection) -> None:
    assert refusal(db, PETR, "save_template('Акты', 'Готов', 'Здравствуйте, {{ имя }}')") == "template_is_unfinished"
    assert refusal(db, PETR, "save_template('', 'Готов', 'Текст')") == "template_has_a_category"
    assert refusal(db, PETR, "save_template('Акты', 'Готов', 'Текст', %s)", uuid4()) == "unknown_template"
    assert refusal(db, PETR, "save_faq_item('', 'Ответ')") == "question_is_written"


def test_a_text_is_tried_in_a_chat_of_the_readers(db: Connection) -> None:
    tried = asked(db, OLGA, "try_template('Чат {{ chat_title }}, {{accountant_name}}')")
    assert tried["text"].startswith(f"Чат {tried['chat_name']}, ")
    assert refusal(db, MARIA, "try_template('Текст')") == "not_allowed"


def test_the_test_box_answers_as_the_bot_would(db: Connection) -> None:
    item = asked(db, PETR, "save_faq_item('Как получить акт сверки', 'Напишите нам', '{акт сверки, акт}')")
    tried = asked(db, MARIA, "try_faq('Как получить акт сверки?')")
    assert tried["answers"]
    assert tried["candidates"][0]["id"] == str(item)
    assert tried["candidates"][0]["score"] >= tried["threshold"]
    far = "Вчера прислали какой-то странный акт, посмотрите пожалуйста всю переписку с поставщиком и договор"
    assert not asked(db, MARIA, "try_faq(%s)", far)["answers"]
    assert asked(db, MARIA, "try_faq('Спасибо')")["candidates"] == []
    asked(db, PETR, "archive_faq_item(%s)", item)
    assert asked(db, MARIA, "try_faq('Как получить акт сверки?')")["candidates"] == []
    assert asked(db, MARIA, "faq_page(archived => true)")["items"][0]["keywords"] == ["акт сверки", "акт"]
