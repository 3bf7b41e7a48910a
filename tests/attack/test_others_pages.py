"""Every address of the admin that leads to something of somebody's, asked for by somebody else (I1, I2).

Not one word of it is told, nothing changes, and the answer is the one that is given for what does not exist: status,
headers and body. New routes come in by themselves, and must say whose their holes are.
"""

import httpx
import pytest

from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader
from tests.admin.routes import Route, changes, readings
from tests.attack.forms import filled
from tests.attack.victim import BEARER, Victim, address_of, holes_of, nobodys

# What differs between any two answers.
OF_THE_MOMENT = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
AS: tuple[dict[str, str], ...] = ({}, {"hx-request": "true"}, {"accept": "application/json"})
LINKS = dict.fromkeys(BEARER, "made-up")


def owned(routes: list[Route]) -> list[Route]:
    return [route for route in routes if holes_of(route) and not BEARER & {*holes_of(route)}]


def told(answer: httpx.Response, holes: dict[str, str]) -> tuple[int, dict[str, str], str]:
    text = answer.text
    for name, value in holes.items():
        text = text.replace(value, f"<{name}>")
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_MOMENT}
    return answer.status_code, headers, text


def ask(
    reader: Reader, route: Route, holes: dict[str, str], more: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    address = address_of(route, holes)
    if route.method == "GET":
        return reader.get(address, headers=headers)
    form = {**filled(route, more), "_csrf_token": reader.cookies["csrftoken"]}
    return reader.request(route.method, address, data=form, headers=headers)


def attempts(route: Route, victim: Victim) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Whatever an attacker knows to type, asked for as a page, as a fragment and as a program."""
    known = ({"name": victim.client_name, "role": "admin", "active": "no"}, {"role": "observer"})
    return [(more, headers) for more in known[: 1 + bool(filled(route, {}))] for headers in AS]


@pytest.mark.parametrize("route", owned([*readings(), *changes()]), ids=str)
def test_i1_what_is_anothers_answers_as_what_does_not_exist(intruder: Reader, victim: Victim, route: Route) -> None:
    before, theirs, nothing = victim.state(), victim.holes(), nobodys(victim.holes())
    for more, headers in attempts(route, victim):
        answer = ask(intruder, route, theirs, more, headers)
        assert told(answer, theirs) == told(ask(intruder, route, nothing, more, headers), nothing)
        assert answer.status_code < 500
        assert not [word for word in victim.words if word in answer.text]
    assert victim.state() == before


@pytest.mark.parametrize("route", owned(changes()), ids=str)
def test_i2_an_observer_changes_nothing_of_anybodys(admin: Admin, firm: Firm, victim: Victim, route: Route) -> None:
    """An observer may look, so the client's page is no secret; what is done to it is refused all the same."""
    before, theirs, nothing = victim.state(), victim.holes(), nobodys(victim.holes())
    with Reader(admin) as observer:
        observer.as_person(firm.hire("observer"))
        for more, headers in attempts(route, victim):
            answer = ask(observer, route, theirs, more, headers)
            assert told(answer, theirs) == told(ask(observer, route, nothing, more, headers), nothing)
            assert answer.status_code in {303, 403, 404}
    assert victim.state() == before


@pytest.mark.parametrize("route", readings(), ids=str)
def test_i1_no_page_of_an_accountants_tells_of_another(intruder: Reader, victim: Victim, route: Route) -> None:
    for headers in AS:
        for question in (
            "",
            f"?q={victim.client_name}&client_id={victim.client_id}&user_id={victim.person.id}&id=neq.0",
        ):
            text = intruder.get(address_of(route, {**victim.holes(), **LINKS}) + question, headers=headers).text
            assert not [word for word in victim.words if word in text]


def test_the_things_that_nobody_else_reaches_are_there_for_their_owner(victim: Victim) -> None:
    pages = [victim.reader.get(address).text for address in ("/requests", f"/clients/{victim.client_id}", "/profile")]
    mine = {victim.invited}  # waits with whoever invited
    assert not [word for word in {*victim.words} - mine if not any(word in page for page in pages)]
