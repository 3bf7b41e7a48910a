"""Why 47 minutes: the ledger of a window, and that its pieces always add up to the figure shown."""

from datetime import datetime
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    NIGHT,
    OLGA,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    acting_as,
    deliver,
    ingest,
    monday,
    moscow,
    one,
    press,
    said,
    sweep,
    window,
)
from tests.sql.oracle import Schedule
from tests.sql.schedules import store

Piece = tuple[str, str, str | None, int]


def explain(db: Connection, request: object, as_of: datetime | None = None) -> Row:
    ledger: Row = one(db, "select api.explain_request(%s, coalesce(%s, now()))", request, as_of)
    return ledger


def pieces(ledger: Row) -> list[Piece]:
    """(start on a Moscow clock, reason, name, minutes) of each segment."""
    return [
        (
            datetime.fromisoformat(s["from"]).astimezone(moscow("2026-04-06").tzinfo).strftime("%a %H:%M"),
            s["reason"],
            s["name"],
            s["seconds"] // 60,
        )
        for s in ledger["segments"]
    ]


def adds_up(ledger: Row) -> bool:
    """The segments follow each other without a hole, and the counted ones make the sum."""
    segments = ledger["segments"]
    return (
        all(a["until"] == b["from"] for a, b in pairwise(segments))
        and sum(s["seconds"] for s in segments) == ledger["calendar_seconds"]
        and sum(s["seconds"] for s in segments if s["counted"]) == ledger["counted_seconds"]
    )


def lunch(db: Connection) -> None:
    """The firm eats from 13 to 14."""
    db.execute("update public.working_intervals set closes = '13:00'")
    db.execute(
        "insert into public.working_intervals (schedule_id, weekday, opens, closes)"
        " select schedule_id, weekday, '14:00', '18:00' from public.working_intervals"
    )


def special(db: Connection, on: str, name: str, **more: object) -> None:
    columns = {"on_date": on, "name": name, **more}
    db.execute(
        f"insert into public.calendar_exceptions ({', '.join(columns)})"
        f" values ({', '.join('%s' for _ in columns)})".encode(),
        list(columns.values()),
    )


def test_i14_lunch_night_and_holiday_are_pieces_of_their_own(db: Connection) -> None:
    lunch(db)
    special(db, "2026-04-07", "День архива")
    db.execute("update public.chats set sla_threshold_minutes = 300")
    ingest(db, said(ANNA, monday("12:30")), said(OLGA, moscow("2026-04-08 09:40"), "Готово"))
    ledger = explain(db, window(db)["id"])
    assert pieces(ledger) == [
        ("Mon 12:30", "working", None, 30),
        ("Mon 13:00", "break", None, 60),
        ("Mon 14:00", "working", None, 240),
        ("Mon 18:00", "night", None, 360),
        ("Tue 00:00", "holiday", "День архива", 1440),
        ("Wed 00:00", "night", None, 540),
        ("Wed 09:00", "working", None, 40),
    ]
    assert adds_up(ledger)
    assert ledger["outcome"] == "met_late"
    assert ledger["counted_seconds"] == ledger["working_seconds"] == 310 * 60
    assert ledger["late_by_seconds"] == 600
    assert ledger["deadline"]["counted_seconds"] == 300 * 60
    assert ledger["deadline"]["segments"][-1]["until"] == ledger["deadline"]["due_at"]


def test_weekends_moved_and_shortened_days_are_named(db: Connection) -> None:
    special(db, "2026-04-10", "Короткая пятница", shortened_minutes=60)
    special(db, "2026-04-11", "Рабочая суббота", works_as=1)
    special(db, "2026-04-15", "Инвентаризация", opens="10:00", closes="12:00")
    db.execute("update public.working_intervals set weekday = 7 where weekday = 4")
    ingest(db, said(ANNA, moscow("2026-04-10 16:30")), said(OLGA, moscow("2026-04-17 09:30"), "Готово"))
    ledger = explain(db, window(db)["id"])
    assert adds_up(ledger)
    assert [(start, reason, name) for start, reason, name, _ in pieces(ledger)] == [
        ("Fri 16:30", "working", "Короткая пятница"),
        ("Fri 17:00", "night", None),
        ("Sat 09:00", "working", "Рабочая суббота"),
        ("Sat 18:00", "night", None),
        ("Sun 09:00", "working", None),
        ("Sun 18:00", "night", None),
        ("Mon 09:00", "working", None),
        ("Mon 18:00", "night", None),
        ("Tue 09:00", "working", None),
        ("Tue 18:00", "night", None),
        ("Wed 10:00", "working", "Инвентаризация"),
        ("Wed 12:00", "night", None),
        ("Thu 00:00", "day_off", None),
        ("Fri 00:00", "night", None),
        ("Fri 09:00", "working", None),
    ]


def test_a_weekend_is_one_piece_between_two_nights(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-10 17:50")))
    ledger = explain(db, window(db)["id"], moscow("2026-04-13 09:38"))
    assert [piece[1:] for piece in pieces(ledger)] == [
        ("working", None, 10),
        ("night", None, 360),
        ("weekend", None, 2880),
        ("night", None, 540),
        ("working", None, 38),
    ]
    assert (ledger["outcome"], ledger["counted_seconds"], ledger["working_seconds"]) == ("at_risk", 48 * 60, None)


def test_around_the_clock_everything_counts(db: Connection) -> None:
    ingest(db, said(ANNA, monday("23:00"), chat=NIGHT), said(OLGA, moscow("2026-04-07 00:30"), "Готово", NIGHT))
    ledger = explain(db, window(db, NIGHT)["id"])
    assert pieces(ledger) == [("Mon 23:00", "working", None, 90)]
    assert ledger["rules"]["schedule"]["around_the_clock"] is True


def test_without_working_time_nothing_counts_and_the_ledger_says_why(db: Connection) -> None:
    empty = store(db, Schedule("Europe/Moscow"))
    db.execute("update public.chats set schedule_id = %s where chat_id = %s", [empty, ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")))
    ledger = explain(db, window(db)["id"], monday("10:30"))
    assert pieces(ledger) == [("Mon 10:00", "no_working_time", None, 30)]
    assert ledger["deadline"] == {"due_at": None, "warn_at": None, "segments": [], "counted_seconds": 0}


def test_a_time_that_no_calendar_covers_is_called_so(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2019-04-08 10:00")), said(OLGA, moscow("2019-04-08 10:30"), "Готово"))
    assert [piece[1] for piece in pieces(explain(db, window(db)["id"]))] == ["beyond_calendar"]


def test_p14_a_calendar_edited_afterwards_leaves_the_ledger_as_it_was(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:30")), said(OLGA, moscow("2026-04-08 09:10"), "Готово"))
    before = explain(db, window(db)["id"])
    special(db, "2026-04-07", "Выдумка")
    db.execute("update public.working_schedules set timezone = 'Asia/Vladivostok'")
    assert explain(db, window(db)["id"]) == before
    assert before["working_seconds"] == before["counted_seconds"] == (30 + 540 + 10) * 60


def test_d15_an_open_window_is_explained_by_the_calendar_that_now_rules_it(db: Connection) -> None:
    ingest(db, said(ANNA, monday("17:30")))
    special(db, "2026-04-07", "Выдумка")
    ledger = explain(db, window(db)["id"], moscow("2026-04-08 09:10"))
    assert ("holiday", "Выдумка") in [(reason, name) for _, reason, name, _ in pieces(ledger)]
    assert ledger["deadline"]["counted_seconds"] == 3600
    (moved,) = (event for event in ledger["events"] if event["kind"] == "rescheduled")
    assert moved["detail"]["cause"] == "calendar"


def test_it_names_who_was_told_who_took_it_and_who_answered(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00"), "Где акт сверки?", author_name="Анна"))
    sweep(db, monday("10:49"))
    deliver(db, monday("10:49"))
    sweep(db, monday("11:01"))
    press(db, OLGA, "take", monday("11:05"))
    ingest(db, said(OLGA, monday("11:20"), "Готово"))
    ledger = explain(db, window(db)["id"])
    assert {key: ledger["opened"][key] for key in ("author", "text")} == {"author": "Анна", "text": "Где акт сверки?"}
    told = {a["kind"]: [(t["to"]["name"], t["status"]) for t in a["told"]] for a in ledger["alerts"]}
    assert told["warning"] == [("Ольга Петрова", "pending")]
    assert [name for name, _ in told["breach"]] == ["Пётр Волков", "Ольга Петрова"]
    assert ledger["alerts"][0]["told"][0]["sent_at"] is not None
    assert {a["resolution"] for a in ledger["alerts"]} == {"acknowledged"}
    assert ledger["acknowledged"]["by"]["name"] == ledger["answer"]["by"]["name"] == "Ольга Петрова"
    assert ledger["owner"]["name"] == ledger["on_duty"]["name"] == "Ольга Петрова"
    assert [event["kind"] for event in ledger["events"]] == [
        "opened", "warned", "breached", "acknowledged", "answered",
    ]  # fmt: skip
    assert ledger["closed"]["because"] == "answered"


def test_s8_it_names_the_versions_that_it_was_measured_by(db: Connection) -> None:
    db.execute("update public.sla_policies set target_minutes = 90")
    db.execute("update public.chats set sla_threshold_minutes = 45 where chat_id = %s", [ROMASHKA])
    ingest(db, said(ANNA, monday("10:00")))
    db.execute("update public.sla_policies set target_minutes = 120")
    rules = explain(db, window(db)["id"], monday("10:10"))["rules"]
    assert (rules["target_minutes"], rules["policy"]["target_minutes"]) == (45, 90)
    assert rules["policy"]["version"] == one(db, "select policy_version from public.client_requests")
    assert rules["schedule"]["version"] == one(db, "select schedule_version from public.client_requests")
    assert rules["schedule"]["timezone"] == "Europe/Moscow"


def test_i1_who_may_not_read_a_window_learns_nothing_of_it(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), said(VERA, monday("10:00"), chat=LEBEDEVA))
    foreign = window(db, LEBEDEVA)["id"]
    with acting_as(db, "accountant"):
        assert explain(db, window(db)["id"])["opened"]["text"] == "Где акт?"
        for request in (foreign, uuid4()):
            with pytest.raises(psycopg.Error, match="unknown_request"), db.transaction():
                explain(db, request)
    with acting_as(db, "observer"):
        opened = explain(db, foreign)["opened"]
        assert (opened["author"], opened["text"]) == (None, None)
