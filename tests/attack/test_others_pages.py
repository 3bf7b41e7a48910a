"""Every address of the admin that leads to something of somebody's, asked for by somebody else (I1, I2).

Not one word of it is told, nothing changes, and the answer is the one that is given for what does not exist: status,
headers and body. New routes come in by themselves, and must say whose their holes are. Whoever asks stays the same from
route to route, and so does whose it is: nothing that is asked here may change either.
"""

import httpx
import pytest

from admin.toasts import COOKIE
from tests.admin.process import Reader
from tests.admin.routes import Route, changes, readings
from tests.attack.forms import filled
from tests.attack.victim import BEARER, OF_A_TEAM, OPEN, Victim, address_of, holes_of, nobodys

# What differs between any two answers.
OF_THE_MOMENT = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
AS: tuple[dict[str, str], ...] = ({}, {"hx-request": "true"}, {"accept": "application/json"})
LINKS = dict.fromkeys(BEARER, "made-up")
# What an attacker knows to type: to own it, to be done with it, to have it saved and not only shown.
KNOWN = {"role": "admin", "active": "no", "archived": "yes", "do": "save", "is_seen": "true"}

# Fills a ready text in for whoever may read the question; it is sent as a form because what is typed stays in it.
CHANGES_NOTHING = {"POST /requests/{request_id:uuid}/fill"}


def owned(routes: list[Route]) -> list[Route]:
    return [route for route in routes if holes_of(route) and not BEARER & {*holes_of(route)}]


def hiding(routes: list[Route]) -> list[Route]:
    """Return those that do not lead to what everybody may read."""
    return [route for route in routes if not OPEN & {*holes_of(route)}]


def of_a_team(route: Route) -> bool:
    return bool(OF_A_TEAM & {*holes_of(route)})


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
    # What an earlier act left to say comes on the next page, whatever that is about.
    reader.cookies.delete(COOKIE)
    if route.method == "GET":
        return reader.get(address, headers=headers)
    form = {**filled(route, more), "_csrf_token": reader.cookies["csrftoken"]}
    return reader.request(route.method, address, data=form, headers=headers)


def attempts(route: Route, victim: Victim) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Whatever an attacker knows to type, asked for as a page, as a fragment and as a program."""
    typed = [{**KNOWN, "name": victim.client_name}]
    typed += [{"role": "observer"}] if "role" in filled(route, {}) else []
    return [(more, headers) for more in typed for headers in AS]


def refuse_alike(asker: Reader, victim: Victim, route: Route) -> set[int]:
    """Assert that what is the victim's and what is nobody's are one to the asker; return the statuses."""
    before, theirs, nothing = victim.state(), victim.holes, nobodys(victim.holes)
    statuses = set()
    for more, headers in attempts(route, victim):
        answer = ask(asker, route, theirs, more, headers)
        assert told(answer, theirs) == told(ask(asker, route, nothing, more, headers), nothing)
        assert not [word for word in victim.words if word in answer.text]
        statuses.add(answer.status_code)
    assert victim.state() == before
    return statuses


@pytest.mark.parametrize("route", owned([*hiding(readings()), *changes()]), ids=str)
def test_i1_what_is_anothers_answers_as_what_does_not_exist(intruder: Reader, victim: Victim, route: Route) -> None:
    assert max(refuse_alike(intruder, victim, route)) < 500


@pytest.mark.parametrize("route", [route for route in owned([*readings(), *changes()]) if of_a_team(route)], ids=str)
def test_i1_what_is_another_teams_answers_a_manager_as_what_does_not_exist(
    rival: Reader, victim: Victim, route: Route
) -> None:
    assert max(refuse_alike(rival, victim, route)) < 500


@pytest.mark.parametrize("route", [one for one in owned(changes()) if str(one) not in CHANGES_NOTHING], ids=str)
def test_i2_an_observer_changes_nothing_of_anybodys(observer: Reader, victim: Victim, route: Route) -> None:
    """An observer may look, so the client's page is no secret; what is done to it is refused all the same."""
    assert refuse_alike(observer, victim, route) <= {303, 403, 404}


@pytest.mark.parametrize("route", readings(), ids=str)
def test_i1_no_page_of_an_accountants_tells_of_another(intruder: Reader, victim: Victim, route: Route) -> None:
    address = address_of(route, {**victim.holes, **LINKS})
    # A part of her client's name, which the page may say again; the whole of it would have been found.
    part = victim.client_name.partition(" ")[2].lower()
    question = f"?q={part}&words={part}&client_id={victim.client_id}&user_id={victim.person.id}&id=neq.0"
    for headers, asked in ((AS[0], ""), *((headers, question) for headers in AS)):
        text = intruder.get(address + asked, headers=headers).text
        assert not [word for word in victim.words if word in text]


def test_the_things_that_nobody_else_reaches_are_there_for_their_owner(victim: Victim) -> None:
    pages = [victim.reader.get(address).text for address in ("/requests", f"/clients/{victim.client_id}", "/profile")]
    # Waits with whoever invited, and with the manager.
    others = {victim.invited, victim.group}
    assert not [word for word in {*victim.words} - others if not any(word in page for page in pages)]


def test_the_things_of_the_firm_are_there_for_an_admin(chief: Reader, victim: Victim) -> None:
    """Every reading that leads to one thing finds the victim's, or the tests above would compare nothing."""
    for route in owned(readings()):
        # The file is one that Telegram does not have, and sessions are nobody else's.
        if "{message_id:int}" not in route.path:
            assert chief.get(address_of(route, victim.holes)).status_code == 200, str(route)
