"""What was said is forgotten by itself after the firm's term; figures stay (I21)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sql.firm import (
    ANNA,
    OLGA,
    Connection,
    Row,
    acting_as,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    reacted,
    said,
)

OLD = moscow("2020-03-02 10:00")
# Five years after the old messages, and before those of the demo week would be old.
NOW = moscow("2026-04-30 03:00")


def retain(db: Connection, as_of: datetime = NOW, batch: int = 5000) -> list[Row]:
    """Call until it is done; what each call said."""
    calls: list[Row] = []
    while not (calls and calls[-1]["done"]):
        calls.append(one(db, "select api.apply_retention(%s, %s)", as_of, batch))
    return calls


def texts(db: Connection) -> list[Any]:
    rows = all_rows(
        db,
        "select coalesce(message_text, caption) as text from public.chat_messages order by telegram_date, message_id",
    )
    return [row["text"] for row in rows]


def figures(db: Connection) -> list[Any]:
    period = (OLD - timedelta(days=30), NOW)
    return [
        *(
            all_rows(db, "select * from api.sla_report(%s, %s, %s)", *period, by)
            for by in ("firm", "person", "chat", "month")
        ),
        all_rows(db, "select * from api.coverage_report(%s, %s)", *period),
        all_rows(db, "select to_jsonb(w) - 'updated_at' as w from public.client_requests as w order by id"),
    ]


@pytest.fixture
def old(db: Connection) -> Connection:
    """A question, its answer, a photo and a reaction of 2020; a question of this month."""
    db.execute(
        "update public.retention_progress set erased_until = '2013-09-01 00:00+00', looked_from_start_at = %s", [NOW]
    )
    question = said(ANNA, OLD, "Старая тайна", author_name="Анна Давняя")
    photo = said(
        ANNA,
        OLD + timedelta(days=40),
        None,
        kind="photo",
        caption="Старый снимок",
        media_file_id="file",
        media_group_id="album",
    )
    silent = said(ANNA, OLD + timedelta(days=41), None, kind="voice", media_file_id="voice")
    answer = said(OLGA, OLD + timedelta(minutes=20), "Старый ответ")
    ingest(db, question, answer, photo, silent, reacted(ANNA, answer, OLD + timedelta(minutes=21)))
    ingest(db, said(ANNA, monday("10:00"), "Новая тайна", author_name="Анна Нынешняя"))
    return db


def test_i21_old_texts_and_media_are_gone_and_figures_stand(old: Connection) -> None:
    before = figures(old)
    calls = retain(old)
    assert sum(call["messages"] for call in calls) == 4
    assert texts(old) == ["", "", "", None, "Новая тайна"]
    for row in all_rows(old, "select * from public.chat_messages where telegram_date < %s", monday("00:00")):
        assert {row[name] for name in ("media_file_id", "media_group_id", "author_name", "telegram_user_id")} == {None}
    assert one(old, "select count(*) from public.message_reactions where telegram_user_id is not null") == 0
    assert (
        one(old, "select author_name from public.chat_messages where message_text = 'Новая тайна'") == "Анна Нынешняя"
    )
    assert figures(old) == before


def test_i21_it_goes_on_where_it_stopped(old: Connection) -> None:
    first = one(old, "select api.apply_retention(%s, 1)", NOW)
    while not first["messages"]:
        first = one(old, "select api.apply_retention(%s, 1)", NOW)
    assert (first["messages"], first["done"], texts(old).count("")) == (1, False, 1)
    calls = retain(old, batch=1)
    assert [call["messages"] for call in calls if call["messages"]] == [1, 1, 1]
    assert retain(old) == [{"messages": 0, "others": 0, "done": True}]


def test_a_firm_that_names_no_term_keeps_everything(old: Connection) -> None:
    before = texts(old)
    old.execute("update public.settings set retention_years = null")
    assert retain(old) == [{"messages": 0, "others": 0, "done": True}]
    assert texts(old) == before


def test_a_shorter_term_takes_effect_with_the_next_run(old: Connection) -> None:
    retain(old)
    old.execute("update public.settings set retention_years = 1")
    retain(old, NOW + timedelta(days=365))
    assert set(texts(old)) == {"", None}


def test_the_term_is_five_years_unless_the_firm_says_otherwise(db: Connection) -> None:
    assert one(db, "select retention_years from public.settings") == 5


def test_what_came_in_late_under_an_old_date_is_found_within_a_month(old: Connection) -> None:
    retain(old)
    ingest(old, said(ANNA, OLD + timedelta(days=100), "Опоздавшая тайна"))
    retain(old, NOW + timedelta(days=1))
    assert "Опоздавшая тайна" in texts(old)
    retain(old, NOW + timedelta(days=32))
    assert "Опоздавшая тайна" not in texts(old)


def test_old_records_that_could_not_be_stored_lose_what_they_hold(old: Connection) -> None:
    ingest(old, {**said(ANNA, OLD, author_name="Анна Давняя"), "date": 1})
    old.execute("update public.intake_rejects set recorded_at = %s", [OLD])
    assert retain(old)[-1]["others"] == 1
    assert all_rows(old, "select record, reason from public.intake_rejects") == [{"record": {}, "reason": "date"}]


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer", "anon"])
def test_nobody_but_the_service_applies_it(old: Connection, role: str) -> None:
    with pytest.raises(Exception, match="permission denied"), acting_as(old, role):
        old.execute("select api.apply_retention()")
