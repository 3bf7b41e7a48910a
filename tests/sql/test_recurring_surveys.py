"""Surveys that nobody has to start: each quarter once it is over, and single answers."""

import pytest

from tests.sql.firm import ANNA, OLGA, PETR, ROMASHKA, Connection, all_rows, ingest, monday, moscow, one, said
from tests.sql.surveys import act, delivery, draft, send, status, tick, told, vote


@pytest.mark.parametrize(
    ("hour", "starts_at"), [(10, "2026-04-06 10:00"), (3, "2026-04-06 09:00"), (20, "2026-04-07 09:00")]
)
def test_a_quarter_is_asked_about_by_itself_on_the_first_working_day(db: Connection, hour: int, starts_at: str) -> None:
    """The fourth of the month is a Saturday; a draft that somebody deletes is not made again."""
    db.execute(
        "update public.settings set quarterly_survey = true, quarterly_survey_day = 4, quarterly_survey_hour = %s",
        [hour],
    )
    tick(db, moscow("2026-04-01 00:01"))
    (row,) = all_rows(db, "select * from public.feedback_surveys")
    assert (row["name"], row["quarter"], row["status"]) == ("Оценка за 1 квартал 2026", "2026-Q1", "scheduled")
    assert row["starts_at"] == moscow(starts_at)
    act(db, "unschedule_survey", row["id"])
    act(db, "delete_survey", row["id"])
    tick(db, moscow("2026-04-01 00:02"))
    assert one(db, "select count(*) from public.feedback_surveys") == 0


def test_answers_are_rated_when_the_firm_wants_it_at_most_once_a_week_per_chat(db: Connection) -> None:
    def ask_and_answer(day: str) -> None:
        ingest(db, said(ANNA, moscow(f"{day} 10:00")), said(OLGA, moscow(f"{day} 10:20"), "Готово"))

    ask_and_answer("2026-04-06")
    assert send(db, monday("10:31")) == []
    db.execute("update public.settings set rate_after_answer = true")
    assert send(db, monday("10:25")) == []
    (message,) = send(db, monday("10:31"))
    assert message["recipient_chat_id"] == ROMASHKA
    assert message["facts"]["kind"] == "after_answer"
    assert message["facts"]["number"] == one(db, "select max(number) from public.client_requests")
    ask_and_answer("2026-04-10")
    ask_and_answer("2026-04-13")
    assert send(db, moscow("2026-04-10 10:31")) == send(db, moscow("2026-04-13 10:30")) == []
    ask_and_answer("2026-04-14")
    (message,) = send(db, moscow("2026-04-14 10:31"))
    survey = one(db, "select survey_id from public.survey_deliveries where id = %s", message["facts"]["delivery"])
    vote(db, delivery(db, survey, ROMASHKA), ANNA, 2, moscow("2026-04-14 10:35"))
    assert [row[0] for row in told(db, moscow("2026-04-14 10:35"))] == [PETR]
    # A campaign of the same days goes on beside it.
    assert status(db, draft(db, ("2026-04-13", "2026-04-14"))) == "draft"
