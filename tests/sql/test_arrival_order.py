"""Dates decide, not arrival (S9): any order and any repetition of the same messages ends in the same windows."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    MARIA,
    OLGA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    moscow,
    said,
    window,
    windows,
)
from tests.sql.model.telling import shuffled

MINUTE = timedelta(minutes=1)

FIGURES = """
  select topic_id, opened_at, last_message_at, message_count, responded_at, responded_by, response_message_id, due_at,
    warn_at, outcome, working_minutes, thread_id is null as first
  from api.client_requests order by chat_id, topic_id, opened_at, response_message_id
"""

lines = st.lists(
    st.tuples(
        st.integers(0, 4) | st.integers(0, 500),
        st.sampled_from([ANNA, BORIS, OLGA, MARIA, 777]),
        st.sampled_from([0, 0, 0, 5]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


def conversation(drawn: list[tuple[int, int, int, bool]]) -> list[Row]:
    """Messages numbered in the order of their dates, as Telegram numbers them."""
    return [
        said(
            who, monday("09:00") + minute * MINUTE, "Текст", LEBEDEVA, topic_id=topic, is_bot=who == 777,
            classification="gratitude" if thanks else "request", chat_name="ИП Лебедева",
        )
        for minute, who, topic, thanks in sorted(drawn, key=lambda line: line[0])
    ]  # fmt: skip


def figures_after(db: Connection, portions: list[list[Row]]) -> list[Row]:
    with db.transaction(force_rollback=True):
        for portion in portions:
            ingest(db, *portion)
        return all_rows(db, FIGURES)


@given(drawn=lines, seed=st.integers(0, 10**6))
@law()
def test_a21_p11_to_p13_in_any_order_and_repetition_windows_are_what_a_reader_of_the_chat_would_say(
    db: Connection, drawn: list[tuple[int, int, int, bool]], seed: int
) -> None:
    records = conversation(drawn)
    told_at_once = figures_after(db, [records])
    found = [(w["topic_id"], int(w["opened_at"].timestamp()), w["response_message_id"]) for w in told_at_once]
    assert found == as_read(records)
    assert figures_after(db, shuffled(records, seed)) == told_at_once


def as_read(records: list[Row]) -> list[tuple[int, int, int | None]]:
    """What a reader of the chat would say: topic, since when somebody waited, and the answer."""
    windows: list[tuple[int, int, int | None]] = []
    for topic in (0, 5):
        waiting_since: int | None = None
        for record in (r for r in records if r["topic_id"] == topic):
            if record["user_id"] in (OLGA, MARIA):
                if waiting_since is not None:
                    windows.append((topic, waiting_since, record["message_id"]))
                waiting_since = None
            elif record["user_id"] != 777 and record["classification"] == "request" and waiting_since is None:
                waiting_since = record["date"]
        if waiting_since is not None:
            windows.append((topic, waiting_since, None))
    return sorted(windows, key=lambda w: (w[0], w[1]))


def test_s9_a_late_message_moves_the_opening_and_the_deadline_of_the_same_window(db: Connection) -> None:
    ingest(db, second := said(ANNA, monday("10:20")))
    before = window(db)
    ingest(db, said(BORIS, monday("10:00"), message_id=second["message_id"] - 1, update_id=1))
    after = window(db)
    assert (after["id"], after["opened_at"], after["due_at"]) == (before["id"], monday("10:00"), monday("11:00"))


def test_s9_a_question_its_answer_and_the_next_question_may_share_a_second(db: Connection) -> None:
    """Forwarded batches do: Telegram's dates have whole seconds, and message ids decide within one."""
    asked, answered, again = (said(who, monday("10:00"), f"{who}") for who in (ANNA, OLGA, ANNA))
    orders = ([asked, answered, again], [asked, again, answered], [again, answered, asked], [answered, asked, again])
    for order in orders:
        figures = figures_after(db, [[record] for record in order])
        assert [w["response_message_id"] for w in figures] == [answered["message_id"], None]
    ingest(db, asked, answered, again)
    ingest(db, said(ANNA, monday("10:01")))
    assert [w["message_count"] for w in windows(db)] == [1, 2]


def test_s8_a_calendar_edit_moves_the_open_window_and_reaches_no_closed_one_even_by_a_late_message(
    db: Connection,
) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(OLGA, monday("12:00"), "Готово"))
    ingest(db, said(ANNA, monday("13:00")))
    db.execute("insert into public.calendar_exceptions (on_date, name) values ('2026-04-06', 'Праздник')")
    ingest(db, said(ANNA, monday("13:30")), said(BORIS, monday("10:01"), message_id=1))
    closed, waiting = windows(db)
    assert (closed["outcome"], closed["working_minutes"], closed["message_count"]) == ("met_late", 120, 2)
    assert (waiting["due_at"], waiting["message_count"]) == (moscow("2026-04-07 10:00"), 2)
