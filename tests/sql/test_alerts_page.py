"""`/alerts`: whose alerts one sees, and how they are found."""

from uuid import UUID, uuid4

import pytest

from tests.sql.asking import asked
from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    Connection,
    Row,
    claim,
    ingest,
    monday,
    one,
    said,
    settle,
    sweep,
    user_id,
)
from tests.sql.people import speaking


@pytest.fixture
def overdue(db: Connection) -> Connection:
    """Anna asked Olga, Boris asked Ivan; both are late, and their owners were told."""
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("10:10"), chat=LEBEDEVA))
    sweep(db, monday("10:50"))
    sweep(db, monday("11:11"))
    sweep(db, monday("14:00"))
    return db


def kinds(page: Row) -> list[str]:
    return [alert["kind"] for alert in page["alerts"]]


def owners(page: Row) -> set[str]:
    return {alert["owner"]["id"] for alert in page["alerts"]}


def test_alerts_are_shown_to_those_who_see_the_window(overdue: Connection) -> None:
    everything = asked(overdue, PETR, "alerts_page()")
    assert owners(everything) == {str(user_id(OLGA)), str(user_id(IVAN))}
    assert everything["open"] == len(everything["alerts"])
    for who in (OLGA, IVAN):
        assert owners(asked(overdue, who, "alerts_page()")) == {str(user_id(who))}
    assert asked(overdue, MARIA, "alerts_page()")["open"] == everything["open"]
    with speaking(overdue, uuid4()):
        assert one(overdue, "select api.alerts_page()")["alerts"] == []


def test_an_alert_tells_who_was_told_and_what_they_did(overdue: Connection) -> None:
    (message,) = [m for m in claim(overdue, monday("14:01")) if m["recipient_chat_id"] == OLGA]
    settle(overdue, monday("14:01"), message)
    overdue.execute("select api.press_alert(%s, 'remind_30', %s, %s)", [message["id"], OLGA, monday("14:02")])
    overdue.execute("select api.press_alert(%s, 'take', %s, %s)", [message["id"], OLGA, monday("14:03")])
    page = asked(overdue, OLGA, "alerts_page(kind => 'breach')")
    (alert,) = page["alerts"]
    (told,) = [copy for copy in alert["told"] if copy["to"]["id"] == str(user_id(OLGA))]
    assert told["sent_at"]
    assert told["remind_at"]
    assert [(act["kind"], act["by"]["id"]) for act in alert["acts"]] == [("acknowledged", str(user_id(OLGA)))]
    assert alert["is_taken"]


def test_alerts_are_found_by_state_level_person_and_time(overdue: Connection) -> None:
    admin = asked(overdue, ADMIN, "alerts_page()")["alerts"]
    breach = next(alert for alert in admin if alert["kind"] == "breach")
    asked(overdue, ADMIN, "resolve_alert(%s)", UUID(breach["id"]))
    resolved = asked(overdue, ADMIN, "alerts_page(state => 'resolved')")["alerts"]
    assert [(alert["id"], alert["resolved_by"]["id"]) for alert in resolved] == [(breach["id"], str(user_id(ADMIN)))]
    assert breach["id"] not in {
        alert["id"] for alert in asked(overdue, ADMIN, "alerts_page(state => 'open')")["alerts"]
    }
    assert set(kinds(asked(overdue, ADMIN, "alerts_page(kind => 'warning', level => 0)"))) == {"warning"}
    ivans = asked(overdue, ADMIN, "alerts_page(person => %s)", user_id(IVAN))["alerts"]
    assert {alert["owner"]["id"] for alert in ivans} == {str(user_id(IVAN))}
    assert asked(overdue, ADMIN, "alerts_page(since => %s)", monday("23:00"))["alerts"] == []
    assert asked(overdue, ADMIN, "alerts_page(until => %s)", monday("09:00"))["alerts"] == []


def test_pages_of_alerts_meet_without_a_gap(overdue: Connection) -> None:
    whole = [alert["id"] for alert in asked(overdue, ADMIN, "alerts_page()")["alerts"]]
    first = asked(overdue, ADMIN, "alerts_page(batch => 2)")["alerts"]
    rest = asked(
        overdue, ADMIN, "alerts_page(after_at => %s, after_id => %s)", first[-1]["created_at"], UUID(first[-1]["id"])
    )["alerts"]
    assert [alert["id"] for alert in first + rest] == whole


def test_alerts_of_one_instant_come_by_level_then_deadline_each_on_one_page(overdue: Connection) -> None:
    overdue.execute(
        "insert into public.sla_alerts (request_id, kind, level) select w.id, 'escalation', n"
        " from public.client_requests as w, generate_series(10, 39) as n"
    )
    overdue.execute("update public.sla_alerts set created_at = now()")
    found: list[Row] = []
    while page := asked(overdue, ADMIN, "alerts_page(after_at => %s, after_id => %s, batch => 7)", *edge(found))[
        "alerts"
    ]:
        found += page
        assert len(found) < 100
    assert len(found) == len({alert["id"] for alert in found}) == one(overdue, "select count(*) from public.sla_alerts")
    assert len(found) > 60
    order = [(-alert["level"], alert["due_at"]) for alert in found]
    assert order == sorted(order)


def test_a_page_goes_on_after_an_alert_that_is_out_of_sight(overdue: Connection) -> None:
    overdue.execute("update public.sla_alerts set created_at = now()")
    (hidden, *_rest) = [
        a for a in asked(overdue, ADMIN, "alerts_page()")["alerts"] if a["owner"]["id"] == str(user_id(IVAN))
    ]
    own = {alert["id"] for alert in asked(overdue, OLGA, "alerts_page()")["alerts"]}
    page = asked(overdue, OLGA, "alerts_page(after_at => %s, after_id => %s)", *edge([hidden]))["alerts"]
    assert {alert["id"] for alert in page} == own


def edge(found: list[Row]) -> tuple[str | None, UUID | None]:
    return (found[-1]["created_at"], UUID(found[-1]["id"])) if found else (None, None)
