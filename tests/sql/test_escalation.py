"""Breaches are raised once and told once; a button takes the window (S5, S13, S14)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    MARIA,
    NIGHT,
    OLGA,
    PETR,
    VERA,
    Connection,
    acknowledge,
    acting_as,
    all_rows,
    claim,
    ingest,
    monday,
    moscow,
    one,
    outbox,
    said,
    settle,
    sweep,
    user_id,
    window,
)
from tests.stack import Stack


def test_e3_a_passed_deadline_is_one_alert_and_one_message_to_the_manager(late: Connection) -> None:
    assert sweep(late, monday("11:00:01")) == 1
    (alert,) = all_rows(late, "select * from api.sla_alerts")
    assert (alert["kind"], alert["level"], alert["resolved_at"]) == ("breach", 0, None)
    (message,) = outbox(late)
    assert (message["recipient_chat_id"], message["subject_id"], message["status"]) == (PETR, alert["id"], "pending")


def test_at_the_deadline_itself_nobody_is_late_yet(late: Connection) -> None:
    assert sweep(late, monday("11:00:00")) == 0


def test_e4_an_answered_window_alerts_nobody(late: Connection) -> None:
    ingest(late, said(OLGA, monday("10:59"), "Готово"))
    assert sweep(late, monday("11:30")) == 0


def test_e5_a_second_sweep_raises_nothing(late: Connection) -> None:
    assert [sweep(late, monday("11:01")), sweep(late, monday("11:02"))] == [1, 0]
    assert len(outbox(late)) == 1


def test_s14_nothing_fires_outside_working_time_unless_it_is_always(db: Connection) -> None:
    friday_evening, night = moscow("2026-04-03 17:30"), moscow("2026-04-04 02:00")
    ingest(db, said(ANNA, moscow("2026-04-03 16:00")), said(VERA, friday_evening, chat=NIGHT))
    assert sweep(db, night) == 1
    assert one(db, "select chat_id from public.client_requests where breached_at is not null") == NIGHT
    assert sweep(db, monday("09:00")) == 1


def test_e20_after_an_outage_everything_overdue_is_told_in_one_sweep(db: Connection) -> None:
    ingest(db, *(said(ANNA, monday("09:00") + timedelta(seconds=n), topic_id=n + 1) for n in range(40)))
    assert sweep(db, monday("15:00")) == 40
    assert len(outbox(db)) == 40


def test_admins_hear_of_it_where_no_manager_can_be_reached(late: Connection) -> None:
    late.execute("update public.users set telegram_id = null where telegram_id = %s", [PETR])
    sweep(late, monday("11:01"))
    assert [message["recipient_chat_id"] for message in outbox(late)] == [ADMIN]


@pytest.mark.parametrize("kind", ["warning", "breach", "escalation"])
def test_e21_the_schema_takes_every_kind(late: Connection, kind: str) -> None:
    late.execute(
        "insert into public.sla_alerts (request_id, kind, level) values (%s, %s, 5)", [window(late)["id"], kind]
    )


def test_c5_an_answer_after_the_breach_resolves_the_alert(late: Connection) -> None:
    sweep(late, monday("11:01"))
    ingest(late, said(OLGA, monday("11:30"), "Готово"))
    (alert,) = all_rows(late, "select resolution, resolved_by from api.sla_alerts")
    assert alert == {"resolution": "answered", "resolved_by": user_id(OLGA)}
    assert outbox(late)[0]["status"] == "cancelled"


@pytest.mark.parametrize("acknowledged", [False, True])
def test_c12_a_late_delivery_of_an_answer_in_time_voids_the_breach(late: Connection, *, acknowledged: bool) -> None:
    sweep(late, monday("11:01"))
    if acknowledged:
        acknowledge(late, PETR)
    ingest(late, said(OLGA, monday("10:59"), "Готово"))
    assert window(late)["outcome"] == "met"
    assert one(late, "select resolution from api.sla_alerts") == "voided"
    (entry,) = all_rows(late, "select before, after from public.audit_log where entity = 'sla_alerts'")
    assert entry["after"]["resolution"] == "voided"


def test_c9_taking_it_names_who_and_when_and_does_not_stop_the_clock(late: Connection) -> None:
    assert acknowledge(late, PETR)["acknowledged_by"] == "Пётр Волков"
    taken = window(late)
    assert (taken["acknowledged_by"], taken["acknowledged_at"]) == (user_id(PETR), monday("11:05"))
    assert (taken["responded_at"], taken["due_at"]) == (None, monday("11:00"))


def test_taking_it_resolves_the_alert(late: Connection) -> None:
    sweep(late, monday("11:01"))
    acknowledge(late, PETR)
    assert all_rows(late, "select resolution, resolved_by from api.sla_alerts") == [
        {"resolution": "acknowledged", "resolved_by": user_id(PETR)}
    ]


def test_the_first_press_counts_and_a_second_is_told_whose_it_is(late: Connection) -> None:
    acknowledge(late, OLGA)
    assert acknowledge(late, PETR, monday("11:06"))["acknowledged_by"] == "Ольга Петрова"
    assert window(late)["acknowledged_at"] == monday("11:05")
    assert one(late, "select count(*) from public.request_events where kind = 'acknowledged'") == 1


@pytest.mark.parametrize("outsider", [ANNA, MARIA, IVAN, 999_999])
def test_e16_who_may_not_take_it_changes_nothing(late: Connection, outsider: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"), late.transaction():
        acknowledge(late, outsider)
    assert window(late)["acknowledged_at"] is None


def test_b7_a_deactivated_manager_takes_nothing(late: Connection) -> None:
    late.execute("update public.users set active = false where telegram_id = %s", [PETR])
    with pytest.raises(psycopg.Error, match="not_allowed"):
        acknowledge(late, PETR)


def test_e17_an_answered_window_can_no_longer_be_taken(late: Connection) -> None:
    ingest(late, said(OLGA, monday("10:30"), "Готово"))
    with pytest.raises(psycopg.Error, match="request_already_closed"):
        acknowledge(late, PETR)


def test_a_window_nobody_knows_cannot_be_taken(late: Connection) -> None:
    with pytest.raises(psycopg.Error, match="unknown_request"):
        late.execute("select api.acknowledge_request(%s, %s)", [uuid4(), PETR])


def test_the_service_needs_no_more_than_its_grants(db: Connection) -> None:
    with acting_as(db, "service_role"):
        ingest(db, said(ANNA, monday("10:00")))
        assert sweep(db, monday("11:01")) == 1
        (message,) = claim(db, monday("11:01"))
        settle(db, monday("11:01"), id=message["id"], telegram_message_id=7)
        assert acknowledge(db, PETR)["acknowledged_by"] == "Пётр Волков"
        ingest(db, said(OLGA, monday("11:30"), "Готово"))
        db.execute("select api.extend_horizon(now() + interval '3 months')")


@pytest.fixture
def committed_chat(stack: Stack) -> Iterator[int]:
    """A chat that several connections see; it goes afterwards, with all that was about it."""
    chat = -1009000000001
    alerts = (
        "select a.id from public.sla_alerts as a"
        " join public.client_requests as w on w.id = a.request_id where w.chat_id = %s"
    )
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        db.execute(
            "insert into public.chats (chat_id, type, chat_name, schedule_id, monitoring_enabled, connected_at)"
            " select %s, 'supergroup', 'Два обхода', id, true, now()"
            " from public.working_schedules where around_the_clock",
            [chat],
        )
        yield chat
        db.execute(f"delete from public.outbox where subject_id in ({alerts})".encode(), [chat])
        for table in ("client_requests", "chat_messages", "chats"):
            db.execute(f"delete from public.{table} where chat_id = %s".encode(), [chat])


def test_e5_two_sweeps_at_once_share_five_hundred_windows(stack: Stack, committed_chat: int) -> None:
    """The running stack's own sweep takes its share as well."""

    def run(_: int) -> None:
        with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as own:
            for _ in range(12):
                sweep(own, datetime.now().astimezone(), batch=50)

    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        asked = monday("10:00")
        ingest(db, *(said(ANNA, asked + timedelta(seconds=n), chat=committed_chat, topic_id=n + 1) for n in range(500)))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, range(2)))
        told = all_rows(
            db,
            "select count(*) as alerts, count(distinct a.request_id) as windows, min(o.messages) as least,"
            " max(o.messages) as most from public.sla_alerts as a"
            " join public.client_requests as w on w.id = a.request_id and w.chat_id = %s cross join lateral"
            " (select count(*) as messages from public.outbox as o where o.subject_id = a.id) as o",
            committed_chat,
        )
    assert told == [{"alerts": 500, "windows": 500, "least": 1, "most": 1}]
