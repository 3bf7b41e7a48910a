"""What a signed-in person was refused stands in the audit log, under a chain that still holds."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local.waiting import until
from tests.admin.firm import Colleague, Firm, Role
from tests.admin.process import Reader, hidden

Send = Callable[[str], httpx.Response]


def refusals(firm: Firm, request_id: str) -> list[tuple[Any, ...]]:
    row = firm.row(
        "select count(*), max(actor_id::text), max(actor_role), max(address), max((details - 'at')::text)"
        " from public.audit_log where action = 'refusal' and request_id = %s",
        request_id,
    )
    return [row[1:]] if row and row[0] == 1 else []


def refusal(firm: Firm, answer: httpx.Response) -> tuple[Any, ...]:
    """Wait until the jobs have carried it there."""
    request_id = answer.headers["x-request-id"]
    assert until(lambda: bool(refusals(firm, request_id)), 20), "the refusal is not in the audit log"
    return refusals(firm, request_id)[0]


def send(reader: Reader, path: str, **fields: str) -> httpx.Response:
    token = hidden(reader.get("/requests"), "_csrf_token")
    return reader.post(path, data={**fields, "_csrf_token": token})


@pytest.fixture
def hired(reader: Reader, firm: Firm) -> Callable[[Role], Colleague]:
    def hire(role: Role) -> Colleague:
        person = firm.hire(role)
        reader.as_person(person)
        return person

    return hire


def test_an_act_of_an_admin_tried_by_an_accountant_is_in_the_audit(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    person, other = hired("accountant"), firm.hire("observer")
    answer = send(reader, f"/team/{other.id}/role", role="admin")
    assert answer.status_code == 403
    found = refusal(firm, answer)
    assert found[:3] == (str(person.id), "accountant", "127.0.0.1")
    assert '"route": "/team/{person}/role"' in found[3]
    assert '"key": "not_allowed"' in found[3]
    assert '"sqlstate": "PT403"' in found[3]
    assert until(lambda: firm.row("select api.audit_head() ->> 'unsealed'") == ("0",), 20)
    assert firm.row("select api.verify_audit() ->> 'fault'") == (None,)


def test_a_refusal_of_the_database_that_a_form_meets_is_in_the_audit_too(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    hired("manager")
    answer = send(reader, f"/team/{firm.hire('observer').id}/role", role="admin")
    assert answer.status_code == 403
    assert '"key": "not_allowed"' in refusal(firm, answer)[3]


def test_a_page_that_is_not_for_the_role_is_in_the_audit(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    hired("observer")
    answer = reader.get("/team")
    assert answer.status_code == 403
    assert '"route": "/team"' in refusal(firm, answer)[3]


def test_a_form_that_was_not_ours_is_in_the_audit_of_whom_it_was_sent_for(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    person = hired("admin")
    answer = reader.post(f"/team/{uuid4()}/role", data={"role": "admin"})
    assert answer.status_code == 403
    found = refusal(firm, answer)
    assert (found[0], '"key": "form_is_stale"' in found[3]) == (str(person.id), True)


def test_what_was_merely_wrong_and_what_a_stranger_tried_is_not(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    strange = reader.post(f"/team/{uuid4()}/role", data={"role": "admin"})
    hired("admin")
    wrong = send(reader, f"/team/{uuid4()}/role", role="admin")
    last = reader.post("/logout")
    assert (strange.status_code, wrong.status_code, last.status_code) == (403, 409, 403)
    refusal(firm, last)
    assert refusals(firm, strange.headers["x-request-id"]) == []
    assert refusals(firm, wrong.headers["x-request-id"]) == []


def test_the_audit_is_not_to_be_filled_with_refusals(
    reader: Reader, firm: Firm, hired: Callable[[Role], Colleague]
) -> None:
    person = hired("accountant")
    answers = [reader.post("/logout") for _ in range(70)]
    assert {answer.status_code for answer in answers} == {403}
    refusal(firm, answers[0])
    query = "select count(*) from public.audit_log where action = 'refusal' and actor_id = %s"
    assert until(lambda: firm.row(query, person.id) == (60,), 20)
