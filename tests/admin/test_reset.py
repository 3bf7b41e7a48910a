"""Forgotten passwords: asked for, mailed, opened once (issue 4: neutral answers, a replayed link)."""

import re
import time
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from infra.local.waiting import until
from tests.admin.firm import PASSWORD, Colleague, Firm
from tests.admin.pictures import picture
from tests.admin.process import Admin, Reader, hidden, running_admin, words
from tests.stack import Stack

NEW = "three plain words"
ASKED = "Если с этим адресом здесь кто-то работает"


class Mailbox:
    """The mails that Auth would have sent."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_mail"

    def links(self, email: str) -> list[str]:
        mails = httpx.get(self._url, params={"to": email}).raise_for_status().json()
        return [unescape(link) for mail in mails for link in re.findall(r'href="([^"]*/reset[^"]*)"', mail["html"])]

    def link(self, email: str) -> str:
        """Wait for a link and return its path and query: these tests run the admin on a port of its own."""
        assert until(lambda: bool(self.links(email)), 20)
        return "/" + self.links(email)[-1].split("/", 3)[3]


@pytest.fixture
def mailbox(stack: Stack) -> Mailbox:
    return Mailbox(stack.urls["auth"])


def ask(reader: Reader, email: str) -> httpx.Response:
    token = hidden(reader.get("/forgot"), "_csrf_token")
    return reader.post("/forgot", data={"email": email, "_csrf_token": token})


def fill(reader: Reader, page: httpx.Response, password: str, repeated: str | None = None) -> httpx.Response:
    kept = {name: hidden(page, name) for name in ("_csrf_token", "token_hash", "ticket")}
    return reader.post("/reset", data={**kept, "password": password, "repeated": repeated or password})


def opened(reader: Reader, mailbox: Mailbox, person: Colleague) -> httpx.Response:
    ask(reader, person.email)
    return reader.get(mailbox.link(person.email))


def test_a_new_password_ends_every_session_and_opens_the_next(
    admin: Admin, reader: Reader, firm: Firm, mailbox: Mailbox
) -> None:
    person = firm.hire("manager")
    with Reader(admin) as elsewhere:
        elsewhere.as_person(person)
        answer = fill(reader, opened(reader, mailbox, person), NEW)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?reason=reset")
        assert elsewhere.get("/requests").headers["location"] == "/login?next=%2Frequests&reason=expired"
    assert "Пароль изменён" in words(reader.get(answer.headers["location"]))
    assert reader.sign_in(person.email, PASSWORD).status_code == 401
    assert reader.sign_in(person.email, NEW).status_code == 303


def test_the_answer_does_not_tell_who_works_here(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    person = firm.hire("accountant")
    strangers = ("nobody@buhbot.test", "not an address", "", "a" * 5000, "\x00@\u202e")
    pages = [ask(reader, email) for email in (person.email, f"  {person.email.upper()} ", *strangers)]
    assert {page.status_code for page in pages} == {200}
    assert len({words(page) for page in pages}) == 1
    assert ASKED in words(pages[0])
    mailbox.link(person.email)
    assert not mailbox.links("nobody@buhbot.test")


def test_looking_at_a_link_spends_nothing(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    """Mail scanners open every link before the person does."""
    person = firm.hire("accountant")
    page = opened(reader, mailbox, person)
    for _ in range(3):
        page = reader.get(mailbox.link(person.email))
    assert fill(reader, page, NEW).status_code == 303


def test_a_replayed_link_says_so(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    person = firm.hire("accountant")
    page = opened(reader, mailbox, person)
    fill(reader, page, NEW)
    again = fill(reader, page, "yet another three")
    assert again.status_code == 410
    assert "Эта ссылка уже использована или устарела." in words(again)
    assert reader.sign_in(person.email, NEW).status_code == 303


def test_an_old_link_says_so(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    person = firm.hire("accountant")
    page = opened(reader, mailbox, person)
    firm.run("update auth.users set recovery_sent_at = now() - interval '2 hours' where id = %s", person.id)
    assert fill(reader, page, NEW).status_code == 410


@pytest.mark.parametrize("query", ["", "?token_hash=", "?token_hash=" + "x" * 300, "?token_hash=guessed", "?code=1"])
def test_a_link_that_is_not_whole_opens_nothing(reader: Reader, query: str) -> None:
    page = reader.get(f"/reset{query}")
    if page.status_code == 200:
        page = fill(reader, page, NEW)
    assert page.status_code in {400, 410}


def test_a_refused_password_leaves_the_link_good(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    person = firm.hire("accountant")
    page = opened(reader, mailbox, person)
    for password, repeated, said in (
        ("short", None, "короче 10 знаков"),
        (NEW, NEW + "!", "Пароли не совпали"),
        ("я" * 60, None, "слишком длинный"),
        (PASSWORD, None, "Это ваш прежний пароль"),
        (PASSWORD, None, "Это ваш прежний пароль"),
    ):
        page = fill(reader, page, password, repeated)
        assert page.status_code == 422
        assert said in words(page)
        assert password not in page.text
    assert fill(reader, page, NEW).status_code == 303


def test_whoever_was_dismissed_stays_out(reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    person = firm.hire("accountant")
    firm.dismiss(person)
    assert fill(reader, opened(reader, mailbox, person), NEW).status_code == 303
    assert reader.sign_in(person.email, NEW).status_code == 401


def test_nothing_of_a_link_is_logged(admin: Admin, reader: Reader, firm: Firm, mailbox: Mailbox) -> None:
    """I10"""
    person = firm.hire("accountant")
    secret = hidden(opened(reader, mailbox, person), "token_hash")
    fill(reader, reader.get(mailbox.link(person.email)), NEW)
    assert all(event in admin.log for event in ('"reset_requested"', '"reset_done"'))
    for private in (person.email, secret, NEW):
        assert private not in admin.log


class SlowMail:
    """An Auth that answers, but takes its time over a mail: it waits until it may go on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_go_on = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self.may_go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        auth = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(200)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                auth.asked.append(self.path)
                auth.may_go_on.wait(20)
                self._say(429)

            def _say(self, status: int) -> None:
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its parent's name)
                """Say nothing."""

        return Handler


@pytest.fixture
def slow_mail() -> Iterator[SlowMail]:
    made = SlowMail()
    yield made
    made.stop()


def test_nobody_waits_for_the_mail(environment: dict[str, str], slow_mail: SlowMail, tmp_path: Path) -> None:
    """How long a mail takes would tell whether there is one; that Auth refuses a second one, too."""
    with running_admin(environment, tmp_path / "log", SUPABASE_URL=slow_mail.url) as own, Reader(own) as reader:
        started = time.monotonic()
        answer = ask(reader, "somebody@buhbot.test")
        assert ASKED in words(answer)
        assert time.monotonic() - started < 10
        assert until(lambda: bool(slow_mail.asked), 10)
        assert not slow_mail.may_go_on.is_set()
        slow_mail.may_go_on.set()
        assert until(lambda: '"reset_not_sent"' in own.log, 10)


def test_the_link_leads_to_us_whatever_host_was_asked(
    environment: dict[str, str], slow_mail: SlowMail, tmp_path: Path
) -> None:
    with running_admin(environment, tmp_path / "log", SUPABASE_URL=slow_mail.url) as own, Reader(own) as reader:
        token = hidden(reader.get("/forgot"), "_csrf_token")
        form = {"email": "somebody@buhbot.test", "_csrf_token": token, "redirect_to": "https://evil.example"}
        headers = {"x-forwarded-host": "evil.example", "referer": "https://evil.example/"}
        reader.post("/forgot?redirect_to=https://evil.example", data=form, headers=headers)
        assert until(lambda: bool(slow_mail.asked), 10)
        assert slow_mail.asked == [f"/auth/v1/recover?redirect_to={own.url}/reset"]


def test_when_auth_is_down_it_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", SUPABASE_URL="http://127.0.0.1:9") as lonely,
        Reader(lonely) as reader,
    ):
        answer = ask(reader, "manager@buhbot.test")
        assert answer.status_code == 503
        assert "Сервис входа не отвечает" in words(answer)


async def test_forgot_mail_reset_sign_in(browser: BrowserContext, firm: Firm, mailbox: Mailbox, stack: Stack) -> None:
    """The whole way in a browser, with pictures at each step."""
    person = firm.hire("manager")
    page = await browser.new_page()
    await page.goto("/login")
    await page.get_by_role("link", name="Забыли пароль?").click()
    await expect(page.get_by_role("heading", name="Новый пароль")).to_be_visible()
    await picture(page, stack, "forgot")
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_role("button", name="Отправить ссылку").click()
    await expect(page.get_by_role("heading", name="Проверьте почту")).to_be_visible()
    await picture(page, stack, "asked")
    await page.goto(mailbox.link(person.email))
    await page.get_by_label("Новый пароль").fill(PASSWORD)
    await page.get_by_label("Ещё раз").fill(PASSWORD)
    await page.get_by_role("button", name="Сохранить пароль").click()
    await expect(page.get_by_role("alert")).to_contain_text("прежний пароль")
    await picture(page, stack, "reset")
    await page.get_by_label("Новый пароль").fill(NEW)
    await page.get_by_label("Ещё раз").fill(NEW)
    await page.get_by_role("button", name="Сохранить пароль").click()
    await expect(page.get_by_text("Войдите с новым паролем")).to_be_visible()
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_label("Пароль").fill(NEW)
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("heading", name="Сегодня", exact=True)).to_be_visible()
    await page.goto("/reset?token_hash=spent")
    await page.get_by_label("Новый пароль").fill(NEW)
    await page.get_by_label("Ещё раз").fill(NEW)
    await page.get_by_role("button", name="Сохранить пароль").click()
    await expect(page.get_by_text("уже использована или устарела")).to_be_visible()
    await picture(page, stack, "spent")
    await page.goto("/profile")
    await expect(page.get_by_text("это устройство")).to_be_visible()
    await picture(page, stack, "profile")
