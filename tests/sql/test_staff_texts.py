"""Ready texts: found by words, filled in for a chat, sent once as they were seen; and frequent questions."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    claim,
    ingest,
    monday,
    one,
    outbox,
    said,
)
from tests.sql.test_staff_queue import ask, refused
from tests.sql.test_staff_replies import AT, chat_key


def template(db: Connection, title: str = "Акт сверки", content: str = "Готово", category: str = "Документы") -> UUID:
    made: UUID = one(
        db,
        "insert into public.templates (category, title, content, updated_at) values (%s, %s, %s, %s) returning id",
        category,
        title,
        content,
        monday("09:00"),
    )
    return made


def preview(db: Connection, made: UUID, chat: int = ROMASHKA, who: int = OLGA) -> Any:
    return ask(db, "preview_template", made, chat_key(db, chat), who, AT)


def test_variables_are_filled_in_for_the_chat(db: Connection) -> None:
    made = template(db, content="{{client_name}} · {{ Chat_Title }} · {{accountant_name}} · {{date}} · {{client_name}}")
    db.execute("update public.clients set name = 'ООО \\1 {{date}}' where name = 'ООО Ромашка'")
    shown = preview(db, made, who=PETR)
    # What a name brings in is not filled in again, nor taken for a mistake.
    assert shown["text"].endswith("· ООО Ромашка · Ольга Петрова · 06.04.2026 · " + shown["text"].split(" · ")[0])
    assert shown["text"].startswith("ООО \\1 ")


@pytest.mark.parametrize("content", ["{{foo}}", "Привет, {{client_name}", "{{client name}}"])
def test_a_template_that_no_client_should_read_is_refused(db: Connection, content: str) -> None:
    made = template(db, content=content)
    refused(db, "template_is_unfinished", "preview_template", made, chat_key(db), OLGA, AT)
    refused(db, "template_is_unfinished", "send_template", made, chat_key(db), OLGA, 7, AT, AT)


def test_a_template_is_sent_once_for_each_preview_and_its_use_counted(late: Connection) -> None:
    made, chat = template(late), chat_key(late)
    sent = ask(late, "send_template", made, chat, OLGA, 7, AT, AT)
    assert sent == {"outcome": "sent", "chat_name": "ООО Ромашка"}
    assert ask(late, "send_template", made, chat, OLGA, 7, AT, AT)["outcome"] == "already_sent"
    assert ask(late, "send_template", made, chat, OLGA, 8, AT, AT)["outcome"] == "sent"
    assert one(late, "select usage_count from public.templates where id = %s", made) == 2


def test_a_template_that_changed_since_it_was_seen_is_looked_at_again(late: Connection) -> None:
    made, chat = template(late), chat_key(late)
    refused(late, "template_changed", "send_template", made, chat, OLGA, 7, monday("08:59"), AT)
    refused(late, "template_changed", "send_template", made, chat, OLGA, 7, None, AT)
    refused(late, "unknown_template", "send_template", uuid4(), chat, OLGA, 7, AT, AT)
    refused(late, "unknown_chat", "send_template", made, chat, IVAN, 7, AT, AT)
    assert outbox(late) == []


def test_a_template_goes_to_the_topic_of_the_longest_wait(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:05"), topic_id=5), said(ANNA, monday("10:01"), topic_id=7))
    ask(db, "send_template", template(db), chat_key(db), OLGA, 7, AT, AT)
    (message,) = claim(db, AT)
    assert message["facts"]["topic_id"] == 7


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("акт", ["Акт сверки"]),
        ("акты", ["Акт сверки"]),
        ("НДС", ["Срок уплаты НДС"]),
        ("налог", ["Срок уплаты НДС"]),
        ("свирка", []),
        ("сверк", ["Акт сверки"]),
        ("акт свекри", ["Акт сверки"]),
        ("", ["Акт сверки", "Срок уплаты НДС"]),
        ("самолёт", []),
    ],
)
def test_templates_are_found_by_stem_piece_and_almost(db: Connection, words: str, found: list[str]) -> None:
    template(db)
    template(db, "Срок уплаты НДС", "Срок — 25 число.", "Налоги")
    shown = ask(db, "staff_templates", OLGA, words)
    assert [one["title"] for one in shown["templates"]] == found


def test_those_used_most_come_first(db: Connection) -> None:
    template(db)
    used = template(db, "Срок уплаты НДС")
    db.execute("update public.templates set usage_count = 3 where id = %s", [used])
    assert ask(db, "staff_templates", OLGA)["templates"][0]["title"] == "Срок уплаты НДС"


def test_chats_to_send_to_are_ones_own_those_with_a_wait_first(late: Connection) -> None:
    ingest(late, said(BORIS, monday("10:00"), chat=LEBEDEVA, chat_name="ИП Лебедева"))
    found = ask(late, "template_chats", template(late), OLGA)
    assert [chat["chat_name"] for chat in found["chats"]] == ["ООО Ромашка", "ООО Круглосуточно"]
    assert found["title"] == "Акт сверки"


def test_frequent_questions_are_found_by_stem_and_by_keyword(db: Connection) -> None:
    db.execute(
        "insert into public.faq_items (question, answer, keywords) values"
        " ('Как получить справку?', 'Напишите в чат.', '{}'), ('Когда платить?', 'До 25 числа.', '{НДС}')"
    )

    def found(words: str) -> list[str]:
        return [item["question"] for item in ask(db, "staff_faq", OLGA, words)["items"]]

    assert found("справка") == ["Как получить справку?"]
    assert found("ндс") == ["Когда платить?"]
    assert found("самолёт") == []
    assert len(found("")) == 2
