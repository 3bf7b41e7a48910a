"""A cookie that somebody planted before the sign-in, and one that somebody kept after the sign-out (I18)."""

from collections.abc import Callable

import aiohttp
import httpx
import pytest

from admin.live import ENDED
from admin.people import ASKS
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, hidden
from tests.admin.routes import Route, changes, readings
from tests.attack.forms import filled

# Where nobody has to be signed in.
DOORS = {"/", "/login", "/login/code", "/logout", "/forgot", "/reset", "/invite/{token:str}"} | {
    *("/health", "/api/health", "/metrics")
}
INSIDE = [route for route in [*readings(), *changes()] if route.path not in DOORS | {"/static/{name:path}"}]
Ending = Callable[[Reader, Firm, Colleague], object]


def signed_out(reader: Reader, firm: Firm, person: Colleague) -> object:
    return reader.sign_out()


def dismissed(reader: Reader, firm: Firm, person: Colleague) -> None:
    firm.dismiss(person)


def out_everywhere(reader: Reader, firm: Firm, person: Colleague) -> object:
    return reader.post("/profile/sessions/end", data={"_csrf_token": reader.cookies["csrftoken"]})


def another_password(reader: Reader, firm: Firm, person: Colleague) -> object:
    new = "four other plain words"
    fields = {"current": person.password, "password": new, "repeated": new}
    answer = reader.post("/profile/password", data={**fields, "_csrf_token": reader.cookies["csrftoken"]})
    assert answer.status_code == 303, answer.text
    return answer


ENDINGS: dict[str, Ending] = {
    "signed out": signed_out,
    "out everywhere": out_everywhere,
    "another password": another_password,
    "dismissed": dismissed,
}


def use(thief: Reader, route: Route) -> httpx.Response:
    if route.method == "GET":
        return thief.get(route.address)
    return thief.request(
        route.method, route.address, data={**filled(route, {}), "_csrf_token": thief.cookies["csrftoken"]}
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stolen_cookie_is_worth_nothing_once_its_session_has_ended(admin: Admin, firm: Firm, ending: str) -> None:
    person = firm.hire("admin", "Прасковья Обокраденная")
    with Reader(admin) as reader, Reader(admin) as thief:
        stolen = dict(reader.as_person(person).cookies)
        thief.cookies.update(stolen)
        assert person.name in thief.get("/requests").text
        ENDINGS[ending](reader, firm, person)
        for route in INSIDE:
            thief.cookies.clear()
            thief.cookies.update(stolen)
            answer = use(thief, route)
            assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), str(route)
            assert person.name not in answer.text
    assert {"/requests", "/clients", "/team", "/profile"} <= {route.path for route in INSIDE}


# Whoever was dismissed hears that something changed, and nothing else, until a page of theirs looks again (test_live).
@pytest.mark.parametrize("ending", sorted(ENDINGS.keys() - {"dismissed"}))
async def test_a_stolen_cookie_hears_nothing(admin: Admin, firm: Firm, ending: str) -> None:
    with Reader(admin) as reader:
        person = firm.hire("accountant")
        stolen = dict(reader.as_person(person).cookies)
        ENDINGS[ending](reader, firm, person)
    async with (
        aiohttp.ClientSession(cookies=stolen) as client,
        client.ws_connect(f"{admin.url}/ws", origin=admin.url) as socket,
    ):
        firm.hint()
        assert (await socket.receive(timeout=5)).type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == ENDED


@pytest.mark.parametrize("planted", ["made-up", "a" * 43, "the attacker's own"])
def test_a_cookie_planted_before_the_sign_in_is_not_the_session_after_it(
    admin: Admin, firm: Firm, planted: str
) -> None:
    person = firm.hire("manager", "Пострадавшая")
    with Reader(admin) as attacker, Reader(admin) as reader:
        attacker.as_person(firm.hire("observer"))
        known = attacker.cookies["buhbot"] if planted == "the attacker's own" else planted
        reader.cookies.set("buhbot", known, domain="127.0.0.1", path="/")
        form = reader.get("/login", params={"next": "/profile"})
        if form.status_code == 303:
            # Signed in as the attacker, so the attacker's name is on the page: the person signs out, and in.
            reader.sign_out()
            form = reader.get("/login")
        fields = {"email": person.email, "password": person.password, "next": "/requests"}
        answer = reader.post("/login", data={**fields, "_csrf_token": hidden(form, "_csrf_token")})
        given = httpx.Cookies(answer.cookies)["buhbot"]
        assert given != known
        attacker.cookies.clear()
        attacker.cookies.set("buhbot", known, domain="127.0.0.1", path="/")
        assert "Пострадавшая" not in attacker.get("/requests", follow_redirects=True).text


def test_whoever_is_remembered_is_out_at_once_all_the_same(admin: Admin, firm: Firm) -> None:
    """B7, I18: what asks as the person need not read the person's row first."""
    asking = [route for route in INSIDE if ASKS.keys() <= route.handler.opt.keys()]
    for route in asking:
        person = firm.hire("admin")
        with Reader(admin) as reader:
            reader.as_person(person)
            assert use(reader, route).status_code in {200, 404}, str(route)
            firm.dismiss(person)
            assert use(reader, route).headers["location"].endswith("reason=deactivated"), str(route)
    assert {"/requests", "/clients", "/team"} <= {route.path for route in asking}
