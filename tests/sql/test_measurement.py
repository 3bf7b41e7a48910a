"""What monitoring is told of the firm: numbers that are zero while all is well, and whose they are when it is not."""

from datetime import datetime
from typing import Any

import psycopg
import pytest

from tests.sql.firm import ANNA, OLGA, Connection, acting_as, claim, ingest, monday, one, said, settle, sweep


def measured(db: Connection, at: datetime) -> dict[str, Any]:
    found: dict[str, Any] = one(db, "select api.take_measurement(%s)", at)
    return found


def test_the_clock_is_behind_only_while_somebody_works(late: Connection) -> None:
    late.execute("update public.client_requests set warn_at = null, next_alert = 'breach', next_alert_at = due_at")
    assert measured(late, monday("11:00"))["sweep_lag_seconds"] == 0
    assert measured(late, monday("11:05"))["sweep_lag_seconds"] == 300
    assert measured(late, monday("20:00"))["sweep_lag_seconds"] == 0
    # What became due when the day ended waits from the moment in which the next one begins.
    assert measured(late, monday("09:00").replace(day=7, minute=1))["sweep_lag_seconds"] == 60
    sweep(late, monday("11:05"))
    assert measured(late, monday("11:05"))["sweep_lag_seconds"] == 0


def test_a_late_window_that_no_sweep_finds_is_told(late: Connection) -> None:
    # As an operator might break it: nothing is due any more, and the sweep passes it over for good.
    late.execute("update public.client_requests set next_alert = null, next_alert_at = null")
    sweep(late, monday("11:05"))
    assert measured(late, monday("11:01"))["overdue_unalerted"] == 0
    assert measured(late, monday("11:05"))["overdue_unalerted"] == 1
    assert measured(late, monday("11:05"))["sweep_lag_seconds"] == 0


def test_windows_and_alerts_are_counted_by_what_they_are(late: Connection) -> None:
    assert measured(late, monday("10:01"))["requests"] == {"waiting": 1, "at_risk": 0, "overdue": 0}
    assert measured(late, monday("10:01"))["first_response_seconds"] == {"0.5": None, "0.95": None}
    sweep(late, monday("11:05"))
    found = measured(late, monday("11:05"))
    assert (found["requests"]["overdue"], found["alerts"]["breach"]) == (1, 1)
    ingest(late, said(OLGA, monday("11:10"), "Готово"))
    found = measured(late, monday("11:11"))
    assert (found["requests"]["overdue"], found["decided"]) == (0, {"met": 0, "met_late": 1, "excused": 0})
    assert found["first_response_seconds"] == {"0.5": 70 * 60, "0.95": 70 * 60}
    assert measured(late, monday("11:11").replace(day=8))["decided"]["met_late"] == 0


def test_a_message_that_waits_or_is_given_up_is_told(late: Connection) -> None:
    sweep(late, monday("11:00:10"))
    late.execute("update public.outbox set next_attempt_at = %s", [monday("11:00:10")])
    waiting = one(late, "select count(*) from public.outbox")
    assert measured(late, monday("11:02"))["outbox"] == {"waiting": waiting, "oldest_seconds": 110, "given_up": 0}
    message, *_ = claim(late, monday("11:02"))
    settle(late, monday("11:02"), message, "refused", error="Forbidden: bot was blocked by the user")
    late.execute("update public.outbox set created_at = %s", [monday("11:00:10")])
    assert measured(late, monday("11:03"))["outbox"]["given_up"] == 1
    assert measured(late, monday("13:03"))["outbox"]["given_up"] == 0


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_only_the_service_measures(db: Connection, role: str) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    with acting_as(db, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("select api.take_measurement()")
