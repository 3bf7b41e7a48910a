"""The first page: today's figures, and what is not as it should be, of what the reader may see."""

from datetime import datetime
from typing import Any

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    OLGA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    monday,
    moscow,
    one,
    said,
    user_id,
)
from tests.sql.test_reports import asked


def today(db: Connection, as_of: datetime) -> Any:
    return one(db, "select api.today(%s)", as_of)


def watch(db: Connection) -> Any:
    return one(db, "select api.watch()")


def test_what_is_open_is_counted_by_its_state_at_the_instant(db: Connection) -> None:
    window = asked(db, monday("10:00"))
    for time, state in (("10:10", "waiting"), ("10:50", "at_risk"), ("11:10", "overdue")):
        found = today(db, monday(time))
        assert {name: found[name] for name in ("waiting", "at_risk", "overdue")} == {
            "waiting": 0,
            "at_risk": 0,
            "overdue": 0,
            state: 1,
        }
    found = today(db, monday("11:10"))
    assert [(u["id"], u["chat_name"], u["accountant_name"]) for u in found["urgent"]] == [
        (str(window), "ООО Ромашка", "Ольга Петрова")
    ]
    db.execute("update public.client_requests set assignee_id = %s where id = %s", [user_id(IVAN), window])
    assert [u["accountant_name"] for u in today(db, monday("11:10"))["urgent"]] == ["Иван Кузнецов"]


def test_today_is_the_firms_day(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    found = today(db, moscow("2026-04-06 23:59"))
    assert (found["timezone"], found["figures"]["n"], found["figures"]["met"]) == ("Europe/Moscow", 1, 1)
    assert datetime.fromisoformat(found["since"]) == moscow("2026-04-06 00:00")
    assert datetime.fromisoformat(found["until"]) == moscow("2026-04-07 00:00")
    assert today(db, moscow("2026-04-07 00:00"))["figures"]["n"] == 0


def test_i1_everybody_sees_the_day_of_the_own_scope(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("10:00"), monday("10:20"), IVAN, LEBEDEVA)
    ingest(db, said(ANNA, monday("15:00"), chat=LEBEDEVA))
    for role, answered, waits in (("admin", 3, 1), ("observer", 3, 1), ("accountant", 1, 0)):
        with acting_as(db, role):
            found = today(db, monday("15:10"))
            # Open at that instant, and by now decided: figures are as of now.
            assert (found["figures"]["n"], found["waiting"]) == (answered, waits)


def test_an_ill_chat_is_counted_with_its_reason_and_shown_to_who_runs_the_firm(db: Connection) -> None:
    with acting_as(db, "admin"):
        assert watch(db)["unwell"] == 0
    db.execute("update public.users set telegram_id = null where telegram_id = %s", [OLGA])
    with acting_as(db, "admin"):
        found = watch(db)
    # Olga's two; the third is Ivan's.
    assert (found["watched"], found["unwell"]) == (3, 2)
    assert found["reasons"] == [{"fix": "link_telegram", "chats": 2}]
    steps = [step for step in found["steps"] if step["fix"] == "link_telegram"]
    assert [(step["place"], step["subject"]) for step in steps] == [("firm", "Ольга Петрова")]
    states = [step["state"] for step in found["steps"]]
    assert states == sorted(states, key=["red", "amber"].index)
    for role in ("accountant", "observer"):
        with acting_as(db, role):
            assert watch(db)["steps"] == []


def test_i1_an_accountant_counts_the_own_chats_alone(db: Connection) -> None:
    with acting_as(db, "accountant"):
        assert watch(db)["watched"] == 2
    with acting_as(db, "admin"):
        assert watch(db)["watched"] == 3


def test_i1_the_first_page_is_its_parts_in_one_answer(db: Connection) -> None:
    asked(db, monday("10:00"), monday("10:30"))
    asked(db, monday("10:00"), monday("10:20"), IVAN, LEBEDEVA)
    now = one(db, "select now()")
    asked(db, now, chat=LEBEDEVA)
    for role in ("admin", "observer", "accountant"):
        with acting_as(db, role):
            found = one(db, "select api.overview()")
            assert (found["today"], found["watch"]) == (one(db, "select api.today()"), watch(db))
            days = all_rows(
                db,
                "select * from api.sla_times(timezone(%s, date_trunc('day', timezone(%s, now())) - interval '29 days'),"
                " %s, 'day') where by = 'day'",
                *[found["today"]["timezone"]] * 2,
                found["today"]["until"],
            )
            assert [(day["key"], day["asked"], day["n"]) for day in found["days"]] == [
                (day["key"], day["asked"], day["n"]) for day in days
            ]
