"""Signing in and out, and what becomes of a session (I1, I18)."""

import time
from pathlib import Path

import httpx
import pytest

from tests.admin.firm import PASSWORD, Firm
from tests.admin.process import Admin, Reader, hidden, running_admin, words

DEMO_PASSWORD = "buhbot-demo-2026"


@pytest.mark.parametrize(
    ("account", "reads"),
    [
        ("admin", "Ирина Соколова администратор"),
        ("manager", "Пётр Волков менеджер"),
        ("accountant", "Ольга Петрова бухгалтер"),
        ("accountant2", "Иван Кузнецов бухгалтер"),
        ("observer", "Мария Орлова наблюдатель"),
    ],
)
def test_every_role_signs_in_and_sees_its_name(reader: Reader, account: str, reads: str) -> None:
    answer = reader.sign_in(f"{account}@buhbot.test", DEMO_PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/requests")
    assert reads in words(reader.get("/requests"))


def test_an_address_may_be_typed_sloppily(reader: Reader) -> None:
    assert reader.sign_in("  Manager@BuhBot.test ", DEMO_PASSWORD).status_code == 303


def test_a_refusal_does_not_tell_why(reader: Reader, firm: Firm) -> None:
    """Wrong password, unknown e-mail, closed account, malformed: word for word the same page."""
    closed = firm.hire("accountant")
    firm.dismiss(closed)
    attempts = [
        ("manager@buhbot.test", "wrong"),
        ("nobody@buhbot.test", DEMO_PASSWORD),
        (closed.email, PASSWORD),
        ("not an address", DEMO_PASSWORD),
        ("", ""),
        ("manager@buhbot.test", "x" * 5000),
        ("a" * 5000, DEMO_PASSWORD),
        ("\x00\ud7ff@\u202e", "\x00"),
    ]
    pages = [reader.sign_in(email, password) for email, password in attempts]
    assert {page.status_code for page in pages} == {401}
    assert len({words(page) for page in pages}) == 1
    assert "Неверная почта или пароль" in words(pages[0])
    assert "Войти" in words(pages[0])


def test_the_address_typed_is_still_there_after_a_refusal(reader: Reader) -> None:
    assert 'value="manager@buhbot.test"' in reader.sign_in("manager@buhbot.test", "wrong").text


def test_a_form_of_another_kind_is_refused(reader: Reader) -> None:
    token = hidden(reader.get("/login"), "_csrf_token")
    headers = {"x-csrftoken": token}
    for answer in (
        reader.post("/login", json={"email": "a@b.example", "password": 1}, headers=headers),
        reader.post("/login", content=b"\xff\xfe%zz&&==", headers=headers),
        reader.post("/login", data={"email": ["a@b.example", "c@d.example"], "password": "x"}, headers=headers),
        reader.post("/login", headers=headers),
    ):
        assert answer.status_code == 401, answer.text


def test_without_a_session_one_signs_in_and_comes_back(reader: Reader, firm: Firm) -> None:
    person = firm.hire("manager")
    sent = reader.get("/requests?owner=1&x=%D0%AF")
    assert sent.status_code == 303
    form = reader.get(sent.headers["location"])
    assert reader.get("/").headers["location"] == "/login"
    answer = reader.sign_in(person.email, person.password, hidden(form, "next"))
    assert answer.headers["location"] == "/requests?owner=1&x=%D0%AF"


def test_signing_in_never_leads_away(reader: Reader, firm: Firm) -> None:
    person = firm.hire("manager")
    answer = reader.sign_in(person.email, person.password, "//evil.example")
    assert answer.headers["location"] == "/"


def test_an_ended_session_says_so_and_leads_back(reader: Reader, firm: Firm) -> None:
    """Bad input of the walking skeleton: expired session, back to the page after sign-in."""
    reader.as_person(firm.hire("manager"))
    firm.forget_session(reader.cookies["buhbot"])
    sent = reader.get("/requests?x=1")
    assert sent.headers["location"] == "/login?next=%2Frequests%3Fx%3D1&reason=expired"
    form = reader.get(sent.headers["location"])
    assert "Сеанс закончился" in words(form)
    assert hidden(form, "next") == "/requests?x=1"


def test_a_fragment_takes_its_page_to_the_sign_in(reader: Reader) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{reader.base_url}/requests?x=1"}
    answer = reader.get("/requests", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["hx-redirect"] == "/login?next=%2Frequests%3Fx%3D1"


@pytest.mark.parametrize("around", ["http://[::1", "http://evil.example//evil.example/x", "about:blank", "requests"])
def test_a_fragment_of_nowhere_comes_home(reader: Reader, around: str) -> None:
    answer = reader.get("/requests", headers={"hx-request": "true", "hx-current-url": around})
    assert answer.headers["hx-redirect"] == "/login"


def test_a_program_is_told_in_json(reader: Reader) -> None:
    answer = reader.get("/requests", headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "message": "Нужен вход", "errors": []}


def test_whoever_is_dismissed_is_out_with_the_next_click(reader: Reader, firm: Firm) -> None:
    """I18: the token would be good for another hour."""
    person = firm.hire("accountant")
    reader.as_person(person)
    assert reader.get("/requests").status_code == 200
    firm.dismiss(person)
    sent = reader.get("/requests")
    assert sent.headers["location"] == "/login?next=%2Frequests&reason=deactivated"
    assert "Ваш доступ отключён" in words(reader.get(sent.headers["location"]))
    assert reader.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"


def test_signing_out_ends_the_session_not_just_the_cookie(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("manager"))
    stolen = dict(reader.cookies)
    answer = reader.sign_out()
    assert answer.headers["location"] == "/login?reason=signed_out"
    assert "buhbot" not in reader.cookies
    reader.cookies.update(stolen)
    assert reader.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"


def test_every_sign_in_is_a_new_session(reader: Reader, firm: Firm) -> None:
    """A session id that somebody planted before is worth nothing afterwards."""
    person = firm.hire("manager")
    first = reader.as_person(person).cookies["buhbot"]
    reader.get("/requests")
    form = reader.get("/login")
    assert (form.status_code, form.headers["location"]) == (303, "/")
    token = reader.cookies["csrftoken"]
    reader.post("/login", data={"email": person.email, "password": person.password, "_csrf_token": token})
    assert reader.cookies["buhbot"] != first


def test_the_session_cookie_is_out_of_reach_of_scripts(reader: Reader, firm: Firm) -> None:
    person = firm.hire("manager")
    cookie = reader.sign_in(person.email, person.password).headers["set-cookie"]
    assert cookie.startswith("buhbot=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_on_https_cookies_are_bound_to_the_host(environment: dict[str, str], firm: Firm, tmp_path: Path) -> None:
    person = firm.hire("manager")
    log = tmp_path / "log"
    with (
        running_admin(environment, log, ADMIN_URL="https://buhbot.example") as secure,
        httpx.Client(base_url=secure.url) as client,
    ):
        form = client.get("/login")
        token = hidden(form, "_csrf_token")
        assert form.headers["set-cookie"].startswith("__Host-csrftoken=")
        assert "max-age=" in form.headers["strict-transport-security"]
        headers = {"cookie": f"__Host-csrftoken={token}"}
        fields = {"email": person.email, "password": person.password, "_csrf_token": token}
        cookie = client.post("/login", data=fields, headers=headers).headers["set-cookie"]
    assert cookie.startswith("__Host-buhbot=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_that_is_not_ours_is_refused(reader: Reader, firm: Firm, path: str) -> None:
    person = firm.hire("manager")
    reader.as_person(person)
    for cookies, token in (({}, "x"), ({}, "я" * 128), ({"csrftoken": "x" * 128}, "x" * 128)):
        reader.cookies.update(cookies)
        fields = {"email": person.email, "password": person.password, "_csrf_token": token}
        answer = reader.post(path, data=fields)
        assert answer.status_code == 403
        assert "Страница устарела" in words(answer)
    assert person.name in words(reader.get("/requests"))


def test_a_form_cookie_of_another_time_is_replaced(reader: Reader) -> None:
    """After a change of SESSION_SECRET people must still be able to sign in."""
    reader.cookies.set("csrftoken", "ab" * 64)
    form = reader.get("/login")
    assert form.headers["set-cookie"].startswith("csrftoken=")


def test_nothing_private_is_logged(admin: Admin, reader: Reader, firm: Firm) -> None:
    """I10"""
    person = firm.hire("manager", name="Зинаида Заметная")
    reader.sign_in(person.email, "a wrong password")
    reader.as_person(person)
    session = reader.cookies["buhbot"]
    reader.sign_out()
    assert all(event in admin.log for event in ('"signed_in"', '"signed_out"', '"sign_in_refused"'))
    for private in (person.email, "Зинаида", "a wrong password", PASSWORD, session, "eyJ"):
        assert private not in admin.log


def test_when_auth_is_down_it_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", SUPABASE_URL="http://127.0.0.1:9") as lonely,
        Reader(lonely) as reader,
    ):
        answer = reader.sign_in("manager@buhbot.test", DEMO_PASSWORD)
        assert answer.status_code == 503
        assert "Сервис входа не отвечает" in words(answer)
        health = reader.get("/health")
        assert (health.status_code, health.json()["checks"]["redis"]) == (503, "ok")
        assert {"supabase_auth": "AuthUnavailable", "supabase_rest": "Unavailable"}.items() <= health.json()[
            "checks"
        ].items()


def test_when_redis_is_down_it_says_so_and_ends_cleanly(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", REDIS_URL="redis://127.0.0.1:9/0") as lonely,
        Reader(lonely) as reader,
    ):
        reader.cookies.set("buhbot", "some-session")
        started = time.monotonic()
        answer = reader.get("/requests")
        assert answer.status_code == 503
        assert "Не удалось загрузить" in words(answer)
        assert time.monotonic() - started < 5
        assert lonely.stop() == 0
