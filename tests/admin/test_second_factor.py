"""The second step of signing in, against an Auth server that has one, and its absence where Auth has none."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from infra.local import keys
from infra.local.waiting import until
from tests.admin.firm import PASSWORD, Colleague, Firm
from tests.admin.pictures import picture
from tests.admin.process import Admin, Reader, hidden, running_admin, words
from tests.admin.second_factor import FactorAuth, code_of
from tests.stack import Stack

NEW = "three plain words"


@pytest.fixture(scope="module")
def auth(stack: Stack, environment: dict[str, str]) -> Iterator[FactorAuth]:
    made = FactorAuth(environment["SUPABASE_URL"], keys.keep(stack.home).signing_key)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def strict(environment: dict[str, str], auth: FactorAuth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    log = tmp_path_factory.mktemp("strict") / "log"
    with running_admin(environment, log, SUPABASE_URL=auth.url) as process:
        yield process


@pytest.fixture
def owner(strict: Admin) -> Iterator[Reader]:
    with Reader(strict) as made:
        yield made


@pytest.fixture
def person(firm: Firm) -> Colleague:
    return firm.hire("manager")


def send(reader: Reader, path: str, **fields: str) -> httpx.Response:
    token = hidden(reader.get("/profile/second-factor"), "_csrf_token")
    return reader.post(path, data={**fields, "_csrf_token": token})


def enrolled(reader: Reader, person: Colleague) -> str:
    """Sign in, switch the second step on and return the app's secret."""
    begun = send(reader.as_person(person), "/profile/second-factor")
    assert "data:image/svg+xml;base64," in begun.text
    found = re.search(r"<code>(\w+)</code>", begun.text)
    assert found, begun.text
    secret = unescape(found[1])
    answer = send(reader, "/profile/second-factor/confirm", factor=hidden(begun, "factor"), code=code_of(secret))
    assert answer.status_code == 303, words(answer)
    return secret


def show_code(reader: Reader, page: httpx.Response, code: str) -> httpx.Response:
    kept = {name: hidden(page, name) for name in ("_csrf_token", "ticket", "next")}
    return reader.post("/login/code", data={**kept, "code": code})


def test_where_auth_has_none_nothing_is_offered(reader: Reader, person: Colleague) -> None:
    reader.as_person(person)
    assert "Второй шаг входа" not in words(reader.get("/profile"))
    assert "второго шага не предлагает" in words(reader.get("/profile/second-factor"))


def test_once_confirmed_the_password_alone_opens_nothing(strict: Admin, owner: Reader, person: Colleague) -> None:
    with Reader(strict) as elsewhere:
        elsewhere.as_person(person)
        secret = enrolled(owner, person)
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
        asked = elsewhere.sign_in(person.email, PASSWORD, "/requests?x=1")
        assert (asked.status_code, "Код из приложения" in words(asked)) == (200, True)
        assert elsewhere.get("/requests").status_code == 303
        refused = show_code(elsewhere, asked, "000000" if code_of(secret) != "000000" else "111111")
        assert (refused.status_code, "Код не подошёл" in words(refused)) == (401, True)
        answer = show_code(elsewhere, refused, f" {code_of(secret)[:3]} {code_of(secret)[3:]} ")
        assert answer.headers["location"] == "/requests?x=1"
        assert person.name in words(elsewhere.get("/requests"))


def test_five_wrong_codes_ask_for_the_password_again(strict: Admin, owner: Reader, person: Colleague) -> None:
    secret = enrolled(owner, person)
    wrong = next(code for code in ("000000", "111111") if code != code_of(secret))
    with Reader(strict) as guesser:
        page = guesser.sign_in(person.email, PASSWORD)
        for _ in range(5):
            page = show_code(guesser, page, wrong)
            assert page.status_code == 401
        assert show_code(guesser, page, code_of(secret)).headers["location"] == "/login?next=%2Frequests&reason=code"
        assert "Слишком много неверных кодов" in words(guesser.get("/login?reason=code"))


@pytest.mark.parametrize("ticket", ["", "guessed", "x" * 300, "\x00"])
def test_a_code_without_a_password_opens_nothing(owner: Reader, ticket: str) -> None:
    token = hidden(owner.get("/login"), "_csrf_token")
    answer = owner.post("/login/code", data={"ticket": ticket, "code": "123456", "_csrf_token": token})
    assert answer.headers["location"].startswith("/login")
    assert "buhbot" not in owner.cookies


def test_a_ticket_is_good_for_one_session(strict: Admin, owner: Reader, person: Colleague) -> None:
    secret = enrolled(owner, person)
    with Reader(strict) as elsewhere:
        page = elsewhere.sign_in(person.email, PASSWORD)
        assert show_code(elsewhere, page, code_of(secret)).status_code == 303
        assert show_code(elsewhere, page, code_of(secret)).headers["location"] == "/login?next=%2Frequests&reason=code"


def test_a_password_is_changed_by_whoever_has_shown_the_code(owner: Reader, person: Colleague) -> None:
    enrolled(owner, person)
    token = hidden(owner.get("/profile"), "_csrf_token")
    fields = {"current": PASSWORD, "password": NEW, "repeated": NEW, "_csrf_token": token}
    answer = owner.post("/profile/password", data=fields)
    assert answer.status_code == 303, words(answer)
    assert owner.get("/requests").status_code == 200


def test_a_mailed_link_asks_for_the_code_too(strict: Admin, owner: Reader, person: Colleague, stack: Stack) -> None:
    """Whoever reads the mail alone must not get in."""
    secret = enrolled(owner, person)
    with Reader(strict) as forgetful:
        token = hidden(forgetful.get("/forgot"), "_csrf_token")
        forgetful.post("/forgot", data={"email": person.email, "_csrf_token": token})
        page = forgetful.get(f"/reset?token_hash={mailed(stack, person)}")
        fields = {"password": NEW, "repeated": NEW}
        for code, said in (("", "введите и код"), ("nonsense", "Код не подошёл")):
            page = forgetful.post("/reset", data={**fields, **kept(page), "code": code})
            assert (page.status_code, said in words(page)) == (422, True), words(page)
        answer = forgetful.post("/reset", data={**fields, **kept(page), "code": code_of(secret)})
        assert answer.headers["location"] == "/login?reason=reset"
        assert "Код из приложения" in words(forgetful.sign_in(person.email, NEW))


def test_it_is_given_up_only_with_the_code_shown(
    strict: Admin, owner: Reader, person: Colleague, auth: FactorAuth
) -> None:
    enrolled(owner, person)
    [factor] = auth.factors[str(person.id)]
    assert send(owner, "/profile/second-factor/drop", factor=factor["id"]).status_code == 303
    assert auth.factors[str(person.id)] == []
    with Reader(strict) as elsewhere:
        assert elsewhere.sign_in(person.email, PASSWORD).status_code == 303


def test_nobody_gives_up_the_factor_of_another(
    strict: Admin, owner: Reader, person: Colleague, auth: FactorAuth, firm: Firm
) -> None:
    enrolled(owner, person)
    [factor] = auth.factors[str(person.id)]
    with Reader(strict) as other:
        other.as_person(firm.hire("admin"))
        send(other, "/profile/second-factor/drop", factor=factor["id"])
    assert auth.factors[str(person.id)] == [factor]


def test_no_secret_is_logged(strict: Admin, owner: Reader, person: Colleague) -> None:
    """I10"""
    secret = enrolled(owner, person)
    assert '"second_factor_confirmed"' in strict.log
    assert secret not in strict.log


async def test_the_second_step_in_a_browser(
    browser: BrowserContext, strict: Admin, person: Colleague, stack: Stack
) -> None:
    page = await browser.new_page()
    await page.goto(f"{strict.url}/login?next=/profile/second-factor")
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.get_by_role("button", name="Включить").click()
    secret = await page.locator("code").inner_text()
    assert await page.get_by_alt_text("Ключ для приложения").evaluate("(image) => image.naturalWidth") > 0
    await picture(page, stack, "second-factor")
    await page.get_by_label("Код из приложения").fill(code_of(secret))
    await page.get_by_role("button", name="Подтвердить").click()
    await expect(page.get_by_text("Второй шаг входа включён")).to_be_visible()
    await page.get_by_role("banner").get_by_role("button", name="Выйти").click()
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("heading", name="Код из приложения")).to_be_visible()
    await picture(page, stack, "code")
    await page.get_by_label("Код").fill(code_of(secret))
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("heading", name="Сегодня")).to_be_visible()


def kept(page: httpx.Response) -> dict[str, str]:
    return {name: hidden(page, name) for name in ("_csrf_token", "token_hash", "ticket")}


def mailed(stack: Stack, person: Colleague) -> str:
    address = f"{stack.urls['auth']}/_mail"
    assert until(lambda: bool(httpx.get(address, params={"to": person.email}).json()), 20)
    mails = httpx.get(address, params={"to": person.email}).json()
    [secret] = re.findall(r"token_hash=(\w+)", mails[-1]["html"])
    return str(secret)
