"""What holds for every route, whoever adds it: a tier, and no change without a form of ours."""

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from litestar.handlers import HTTPRouteHandler

from admin.throttling import HIGH, NONE, Tier, tier_of
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, words
from tests.admin.routes import Route, changes, readings, routes

FORM = {"content-type": "application/x-www-form-urlencoded"}
BODIES: dict[str, tuple[dict[str, str], bytes]] = {
    "empty": ({}, b""),
    "form": (FORM, b"email=a%40b.example&password=x&_csrf_token=x"),
    "htmx": ({**FORM, "hx-request": "true", "x-csrftoken": "x"}, b"a=b"),
    "json": ({"content-type": "application/json"}, json.dumps({"_csrf_token": "x"}).encode()),
    "multipart": ({"content-type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    "text": ({"content-type": "text/plain"}, b"_csrf_token=x"),
}
# Whose counting is done elsewhere, or would be pointless: a new name here needs a reason.
UNCOUNTED = {"POST /login", "GET /static/{name:path}", "GET /health", "GET /api/health", "GET /metrics"}


@pytest.fixture(scope="module")
def chief(firm: Firm) -> Colleague:
    return firm.hire("admin")


@pytest.fixture(scope="module")
def office(admin: Admin, chief: Colleague) -> Iterator[Reader]:
    """The admin's browser, one for all routes: signing in costs more than what is asked."""
    with Reader(admin) as reader:
        yield reader.as_person(chief)


@pytest.fixture(scope="module")
def street(admin: Admin) -> Iterator[Reader]:
    with Reader(admin) as reader:
        reader.get("/login")
        yield reader


@pytest.mark.parametrize("route", routes(), ids=str)
def test_every_route_has_a_tier_and_every_change_names_its_own(route: Route) -> None:
    """Say it on the route: `@post("/…", opt={"tier": MEDIUM})`; LOW is for mail, invitations and guesses."""
    tier = tier_of(route.handler, route.method)
    assert tier in get_args(Tier), f'{route} changes something: name its tier, opt={{"tier": MEDIUM}}'
    assert (tier == NONE) == (str(route) in UNCOUNTED)


def test_reading_is_high_unless_it_says_otherwise() -> None:
    [listing] = [route for route in readings() if route.path == "/requests"]
    assert tier_of(listing.handler, "GET") == HIGH


@pytest.mark.parametrize("route", changes(), ids=str)
@pytest.mark.parametrize("whose", ["office", "street"], ids=["signed in", "signed out"])
def test_nothing_changes_without_a_form_of_ours(request: pytest.FixtureRequest, route: Route, whose: str) -> None:
    reader: Reader = request.getfixturevalue(whose)
    mine = reader.cookies["csrftoken"]
    for kind, (headers, body) in BODIES.items():
        answer = reader.request(route.method, route.address, headers=headers, content=body)
        assert answer.status_code == 403, f"{route}, {kind}"
        assert "Страница устарела" in words(answer)
    # The cookie alone, another's token, and a cookie that somebody else planted.
    for cookie, token in ((mine, ""), (mine, mine[:-1] + "0" * (mine[-1] != "0") or "1"), ("ab" * 64, "ab" * 64)):
        planted = {**FORM, "cookie": f"csrftoken={cookie}"}
        answer = reader.request(route.method, route.address, headers=planted, content=f"_csrf_token={token}".encode())
        assert answer.status_code == 403, f"{route}, {token}"


@pytest.mark.parametrize("route", changes(), ids=str)
def test_too_large_a_body_is_refused_everywhere(office: Reader, chief: Colleague, route: Route) -> None:
    # The route before may have done what it does without a body, such as signing out.
    if office.get("/palette").status_code != 200:
        office.as_person(chief)
    headers = {**FORM, "x-csrftoken": office.cookies["csrftoken"]}
    assert isinstance(route.handler, HTTPRouteHandler)
    limit = route.handler.resolve_request_max_body_size() or 0
    answer = office.request(route.method, route.address, headers=headers, content=b"a=" + b"b" * (limit + 1))
    # A route that reads no body has nothing to refuse.
    assert answer.status_code in {303, 413}, str(route)


@pytest.mark.parametrize("route", readings(), ids=str)
def test_reading_takes_no_other_verb(reader: Reader, route: Route) -> None:
    served = {known.method for known in routes() if known.path == route.path}
    for method in {"PUT", "PATCH", "DELETE"} - served:
        answer = reader.request(method, route.address)
        assert answer.status_code in {403, 405}, f"{method} {route.path}"


@pytest.mark.parametrize("accept", ["application/json", "application/json, */*;q=0.1"])
def test_programs_get_the_same_shape_for_every_refusal(reader: Reader, accept: str) -> None:
    told = {
        404: reader.get("/nowhere", headers={"accept": accept}),
        405: reader.get("/logout", headers={"accept": accept}),
        403: reader.post("/logout", headers={"accept": accept}),
        401: reader.get("/requests", headers={"accept": accept}),
    }
    for status, answer in told.items():
        assert answer.status_code == status
        assert answer.json().keys() == {"status", "message", "errors"}
        assert answer.json()["status"] == "error"
        assert answer.json()["message"]
        assert isinstance(answer.json()["errors"], list)
