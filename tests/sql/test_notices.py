"""What a message tells of is there: a notice names no ghost, goes with what it tells of, and keeps whom it told."""

import psycopg
import pytest

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
    one,
    said,
    sweep,
    user_id,
)


@pytest.fixture
def breached(late: Connection) -> Connection:
    """Anna's window is overdue; Olga and Petr are told. Another client waits, and nobody is told of that."""
    sweep(late, monday("11:00:01"))
    ingest(late, said(ANNA, monday("11:30"), chat=LEBEDEVA))
    return late


AGAIN = "insert into public.notices select gen_random_uuid(), request_id, alert_id, user_id from public.notices"


def counted(db: Connection) -> tuple[int, int]:
    """How many notices tell of the other client's window, and how many there are."""
    chats = all_rows(
        db, "select w.chat_id from public.notices as n left join public.client_requests as w on w.id = n.request_id"
    )
    return [row["chat_id"] for row in chats].count(LEBEDEVA), len(chats)


@pytest.mark.parametrize(
    "named",
    [
        {"request_id": "gen_random_uuid()", "alert_id": "null"},
        {"alert_id": "gen_random_uuid()"},
        {"request_id": f"(select id from public.client_requests where chat_id = {LEBEDEVA})"},
        {"user_id": "gen_random_uuid()"},
    ],
    ids=["window", "alert", "another alert's window", "person"],
)
@pytest.mark.parametrize("role", ["postgres", "service_role"])
def test_a_notice_of_what_is_not_there_is_refused(breached: Connection, named: dict[str, str], role: str) -> None:
    columns = {"request_id": "request_id", "alert_id": "alert_id", "user_id": "user_id", **named}
    ghost = f"insert into public.notices select gen_random_uuid(), {', '.join(columns.values())} from public.notices"
    with acting_as(breached, role):
        breached.execute(AGAIN.encode())
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="notice_of_nothing"):
            breached.execute(ghost.encode())


def test_one_ghost_among_many_is_found(breached: Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="notice_of_nothing"):
        breached.execute(f"{AGAIN} union all select gen_random_uuid(), gen_random_uuid(), null, null".encode())


def test_a_group_is_told_though_it_is_no_person(breached: Connection) -> None:
    breached.execute(
        "insert into public.notices select gen_random_uuid(), request_id, alert_id, null from public.notices"
    )
    breached.execute("insert into public.notices select gen_random_uuid(), id from public.client_requests")
    assert one(breached, "select count(*) from public.notices where user_id is null") == 4


@pytest.mark.parametrize(("gone", "by"), [("client_requests", "id"), ("sla_alerts", "request_id")])
def test_what_goes_takes_its_notices_along_and_no_others(breached: Connection, gone: str, by: str) -> None:
    sweep(breached, monday("17:30"))
    (before, of_all) = counted(breached)
    assert 0 < before < of_all
    breached.execute(
        f"delete from public.{gone} where {by} in (select id from public.client_requests where chat_id = %s)".encode(),
        [LEBEDEVA],
    )
    assert counted(breached) == (0, of_all - before)


def test_who_was_told_is_never_deleted(breached: Connection) -> None:
    breached.execute("update public.chats set assigned_accountant_id = null")
    breached.execute("update public.client_requests set assigned_accountant_id = null, on_duty_id = null")
    with (
        acting_as(breached, "service_role"),
        pytest.raises(psycopg.errors.ForeignKeyViolation, match="person_is_named"),
    ):
        breached.execute("delete from public.users where id = %s", [user_id(OLGA)])


@pytest.mark.parametrize("named", ["assigned_accountant_id", "on_duty_id", "responded_by"])
def test_whom_a_window_names_is_never_deleted(breached: Connection, named: str) -> None:
    breached.execute(f"update public.client_requests set {named} = %s".encode(), [user_id(IVAN)])
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="person_is_named"):
        breached.execute("delete from public.users where id = %s", [user_id(IVAN)])


def test_whom_the_ledger_names_is_never_deleted(breached: Connection) -> None:
    event = "insert into public.request_events (request_id, kind, happened_at, actor_id)"
    breached.execute(f"{event} select id, 'escalated', now(), %s from public.client_requests".encode(), [user_id(IVAN)])
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="person_is_named"):
        breached.execute("delete from public.users where id = %s", [user_id(IVAN)])


def test_who_wrote_a_message_is_never_deleted(breached: Connection) -> None:
    ingest(breached, said(IVAN, monday("11:40"), "Завтра отправлю"))
    breached.execute("delete from public.client_requests")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="person_is_named"):
        breached.execute("delete from public.users where id = %s", [user_id(IVAN)])


@pytest.mark.parametrize("measure", ["sla_policies", "working_schedules"])
def test_what_a_window_is_measured_by_is_never_deleted(breached: Connection, measure: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="windows_are_measured_by_it"):
        breached.execute(f"delete from public.{measure}".encode())


def test_who_was_told_of_nothing_can_be_deleted(breached: Connection) -> None:
    breached.execute("delete from public.client_requests")
    breached.execute("update public.chats set assigned_accountant_id = null")
    with acting_as(breached, "service_role"):
        assert breached.execute("delete from public.users where id = %s", [user_id(OLGA)]).rowcount == 1
