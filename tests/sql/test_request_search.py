"""The work list: what fits its filters, in which order, page after page, and how many; to each role its own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    ingest,
    monday,
    one,
    replied,
    said,
    user_id,
)
from tests.sql.people import speaking

CALENDAR = "select id from public.working_schedules where not around_the_clock limit 1"
CLOCK = "select id from public.working_schedules where around_the_clock limit 1"


def find(db: Connection, role: str = "manager", **filters: Any) -> Row:
    values = {name: json.dumps(value) if name == "after" else value for name, value in filters.items()}
    casts = {"after": "jsonb", "since": "date", "until": "date", "chat": "uuid"}
    named = ", ".join(f"{name} => %({name})s::{casts.get(name, 'text')}" for name in values if name != "amount")
    amount = f"{', ' if named else ''}amount => {filters['amount']}" if "amount" in filters else ""
    with acting_as(db, role):
        found = db.execute(f"select api.find_requests({named}{amount})".encode(), values).fetchone()
        assert found
        return dict(found[0])


def numbers(page: Row) -> list[int]:
    return [row["number"] for row in page["rows"]]


def names(page: Row) -> set[str]:
    return {row["chat_name"] for row in page["rows"]}


@pytest.fixture
def asked(db: Connection) -> Connection:
    """Anna waits in Olga's chat, Boris in another's, somebody in a chat without owner; one of Anna's was answered."""
    now = datetime.now(UTC)
    db.execute(f"update public.chats set schedule_id = ({CLOCK}), sla_threshold_minutes = 60".encode())
    client = one(db, "insert into public.clients (name, tier) values ('ООО Важный', 'vip') returning id")
    db.execute("update public.chats set client_id = %s where chat_id = %s", [client, NIGHT])
    question = said(ANNA, now - timedelta(hours=8), "Пришлите счёт")
    ingest(db, question, replied(OLGA, question, now - timedelta(hours=7, minutes=30), "Отправила"))
    ingest(
        db,
        said(ANNA, now - timedelta(minutes=72), "Где АКТ сверки?", chat_name="ООО Ромашка"),
        said(BORIS, now - timedelta(minutes=50), "Когда зарплата?", chat=LEBEDEVA, chat_name="ИП Лебедева"),
        said(BORIS, now - timedelta(minutes=5), "Есть кто?", chat=NIGHT, chat_name="Ночная смена"),
    )
    db.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [NIGHT])
    return db


def test_a_number_is_given_once_and_found(asked: Connection) -> None:
    found = [row["number"] for row in all_rows(asked, "select number from api.client_requests")]
    assert len(found) == len(set(found)) == 4
    asked.execute("set local enable_seqscan = off")
    plan = one(asked, "explain (format json) select id from public.client_requests where number = 1")
    assert "requests_by_number" in json.dumps(plan)


def test_the_states_are_counted_over_all_that_fits_and_open_their_rows(asked: Connection) -> None:
    everything = find(asked)
    assert everything["counts"] == {"overdue": 1, "at_risk": 1, "waiting": 1}
    for state, chat in (("overdue", "ООО Ромашка"), ("at_risk", "ИП Лебедева"), ("waiting", "Ночная смена")):
        page = find(asked, state=state)
        assert (names(page), page["counts"]) == ({chat}, everything["counts"])
    assert names(find(asked, amount=1)) == {"ООО Ромашка"}
    assert find(asked, amount=1)["counts"] == everything["counts"]


def test_owner_tier_words_and_days_narrow_it(asked: Connection) -> None:
    olgas = one(asked, "select assigned_accountant_id from public.chats where chat_id = %s", ROMASHKA)
    assert names(find(asked, owner=str(olgas))) == {"ООО Ромашка"}
    assert names(find(asked, owner="nobody")) == {"Ночная смена"}
    assert names(find(asked, "accountant", owner="me")) == {"ООО Ромашка"}
    assert names(find(asked, words="  акт СВЕРКИ ")) == {"ООО Ромашка"}
    assert names(find(asked, words="лебед")) == {"ИП Лебедева"}
    assert names(find(asked, words="100%")) == set()
    (boris,) = find(asked, words="лебед")["rows"]
    assert names(find(asked, words=f"№ {boris['number']}")) == {"ИП Лебедева"}
    chat = one(asked, "select id from public.chats where chat_id = %s", NIGHT)
    only = find(asked, chat=chat)
    assert (names(only), only["chat_name"]) == ({"Ночная смена"}, "Ночная смена")
    assert names(find(asked, chat=UUID(int=1))) == set()
    assert names(find(asked, tier="vip")) == {"Ночная смена"}
    assert names(find(asked, words="важный")) == {"Ночная смена"}
    assert names(find(asked, until="2026-01-01")) == set()


def test_what_is_closed_is_found_by_the_day_of_its_decision(asked: Connection) -> None:
    page = find(asked, state="closed")
    assert page["counts"] == {"met": 1, "met_late": 0, "excused": 0, "voided": 0}
    (row,) = page["rows"]
    assert (row["state"], row["closed_by_name"], row["owner_name"]) == ("met", "Ольга Петрова", "Ольга Петрова")
    assert [len(find(asked, state=state)["rows"]) for state in ("answered", "met", "excused")] == [1, 1, 0]
    assert not find(asked, state="closed", until="2026-01-01")["rows"]
    assert page["since"] < page["until"]


def test_each_role_finds_its_own_and_an_observer_no_words(asked: Connection) -> None:
    """I1"""
    assert names(find(asked, "accountant")) == {"ООО Ромашка"}
    assert find(asked, "accountant")["counts"] == {"overdue": 1, "at_risk": 0, "waiting": 0}
    seen = find(asked, "observer")
    assert len(seen["rows"]) == 3
    assert not [row for row in seen["rows"] if row["last_message"]]
    assert not find(asked, "observer", words="акт сверки")["rows"]


def many(db: Connection) -> None:
    """Twelve waits, on two calendars, several of them due at the same second."""
    db.execute(f"update public.chats set schedule_id = ({CALENDAR}) where chat_id = {ROMASHKA}".encode())
    db.execute(f"update public.chats set schedule_id = ({CLOCK}) where chat_id <> {ROMASHKA}".encode())
    for topic in range(1, 13):
        chat = (ROMASHKA, LEBEDEVA, NIGHT)[topic % 3]
        ingest(db, said(ANNA, monday("10:00") + timedelta(minutes=topic // 4), chat=chat, topic_id=topic))


def test_pages_show_each_row_once_in_the_order_of_the_clock(db: Connection) -> None:
    many(db)
    whole = find(db)
    left = [row["working_seconds_left"] for row in whole["rows"]]
    assert left == sorted(left) and len(left) == 12
    paged, page = [], find(db, amount=5)
    while True:
        paged += numbers(page)
        if not page["next"]:
            break
        page = find(db, amount=5, after=page["next"])
    assert paged == numbers(whole)


def test_rows_that_go_and_come_meanwhile_make_no_other_double_or_lost(db: Connection) -> None:
    many(db)
    before = numbers(find(db))
    first = find(db, amount=5)
    gone = numbers(first)[0], before[6]
    for number in gone:
        window = one(db, "select id from public.client_requests where number = %s", number)
        with speaking(db, user_id(PETR)), db.transaction():
            db.execute("select api.excuse_request(%s)", [window])
    ingest(db, said(BORIS, monday("09:00"), chat=NIGHT, topic_id=99))
    seen, page = numbers(first), first
    while page["next"]:
        page = find(db, amount=5, after=page["next"])
        seen += numbers(page)
    assert len(seen) == len(set(seen))
    assert set(before) - set(seen) <= set(gone)


def test_closed_pages_show_each_row_once(db: Connection) -> None:
    many(db)
    db.execute("select private.excuse(array(select id from public.client_requests), null, now())")
    whole = find(db, state="closed")
    seen, page = [], find(db, state="closed", amount=5)
    while True:
        seen += numbers(page)
        if not page["next"]:
            break
        page = find(db, state="closed", amount=5, after=page["next"])
    assert (seen, len(seen)) == (numbers(whole), 12)


def test_a_schedule_without_working_time_comes_first(db: Connection) -> None:
    many(db)
    made = "insert into public.working_schedules (name, timezone) values ('Никогда', 'Europe/Moscow') returning id"
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [one(db, made), LEBEDEVA])
    for topic in range(21, 27):
        ingest(db, said(ANNA, monday("15:00"), chat=LEBEDEVA, topic_id=topic))
    first = find(db, amount=4)["rows"]
    assert {row["working_seconds_left"] for row in first} == {None}
    assert len(find(db, amount=4, after=find(db, amount=4)["next"])["rows"]) == 4


def test_saved_views_are_each_ones_own(db: Connection) -> None:
    with speaking(db, user_id(OLGA)):
        db.execute("insert into api.saved_views (page, name, query) values ('/requests', 'Утро', 'state=overdue')")
        assert one(db, "select count(*) from api.saved_views") == 1
    with acting_as(db, "manager"):
        assert one(db, "select count(*) from api.saved_views") == 0


@pytest.mark.parametrize("name", ["", " ", "а" * 101, None])
def test_a_view_without_a_name_is_not_kept(db: Connection, name: str | None) -> None:
    with pytest.raises(psycopg.Error, match="view_needs_a_name"), speaking(db, user_id(OLGA)):
        db.execute("select api.keep_view('/requests', %s, 'state=open')", [name])
