"""Strings that become something else: SQL, HTML, headers, templates; through every form, onto every page."""

import time
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from inspect import signature
from sys import modules

import pytest
from litestar.enums import MediaType
from playwright.async_api import BrowserContext

from admin.filters import Filters
from tests.admin.conftest import browser
from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader
from tests.admin.routes import Route, readings
from tests.attack.forms import SENSIBLE, fields_of, filled, forms
from tests.attack.victim import BEARER, Victim, address_of

__all__ = ["browser"]

IMAGE = '"><img src=x onerror="window.planted=1" data-planted>'
SCRIPT = "</textarea></title><script data-planted>window.planted=1</script>"
SHOWN = (IMAGE, SCRIPT, "'\"><svg/onload=window.planted=1 data-planted>", "[a](javascript:window.planted=1)")
ODD = (
    *("'; drop table public.users; --", "'||(select pg_sleep(9))||'", "1 or 1=1", "\\'; select 1", "%27--", "(a,b)"),
    *("{{ 7 * 7 }}", "{% raw %}", "${7*7}", "=cmd|' /C calc'!A0", "*", "eq.1", "null", "../../etc/passwd", "-1"),
    *("a\r\nSet-Cookie: planted=1", "a\nX-Planted: 1", "a\x00b", "\x00", "\ud800".encode("utf-8", "replace").decode()),
    *("\u202enimda", "\u200b", "\ufeff", "a\u2028b", "\x1b[31m", "\x7f", "я" * 5000),
)
# Nobody's name or address has them: control characters, ends of lines, and what turns a line round.
UNSEEN = r"[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


class Planted(HTMLParser):
    """Looks for elements and attributes that are none of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if "data-planted" in names or any(name.startswith("on") for name in names):
            self.found.append(self.get_starttag_text() or tag)


def alive(text: str) -> list[str]:
    parser = Planted()
    parser.feed(text)
    return parser.found


def test_what_is_planted_would_be_found() -> None:
    assert all(alive(f'<p title="{text}">{text}') for text in SHOWN[:3])
    assert not alive(f'<p title="{escape(IMAGE)}">{escape(SCRIPT)}')


# Every odd string meets every form, and every field a third of them: the same fields are in many forms.
SHARE = 3


def posts(route: Route) -> Iterator[dict[str, str]]:
    """What is shown in each field alone and in all at once; what is odd in a field, the others sensible."""
    fields = fields_of(route)
    for text in SHOWN:
        # Repeated otherwise, or a new password would be one, and its owner come in.
        yield {**dict.fromkeys(fields, text), **({"repeated": "another"} if "repeated" in fields else {})}
    for place, field in enumerate(fields):
        yield {**filled(route, {}), field: SHOWN[place % len(SHOWN)]}
        for text in ODD[place % SHARE :: SHARE]:
            yield {**filled(route, {}), field: text}


@pytest.mark.parametrize("route", forms(), ids=str)
def test_no_form_is_more_than_a_form(chief: Reader, firm: Firm, victim: Victim, route: Route) -> None:
    token = firm.invite(f"x{time.time_ns()}@buhbot.test", "observer")
    before = firm.row("select count(*) from public.users")
    for form in posts(route):
        address = address_of(route, {**victim.holes, "token:str": token})
        start = time.monotonic()
        answer = chief.request(route.method, address, data={**form, "_csrf_token": chief.cookies["csrftoken"]})
        assert answer.status_code < 500, (form, answer.text[-300:])
        assert time.monotonic() - start < 5, form
        assert not {"planted", "x-planted"} & {*answer.cookies, *answer.headers}, form
        assert not alive(answer.text), form
        assert answer.headers.get("location", "/").startswith("/") and answer.headers.get("location") != "//", form
        if "buhbot" in answer.cookies:
            chief.cookies.update(answer.cookies)
    after = firm.row("select count(*) from public.users")
    assert before == after
    stored = "select (select count(*) from public.users where full_name ~ %s or email ~ %s)"
    stored += " + (select count(*) from public.staff_invitations where full_name ~ %s or email ~ %s)"
    assert firm.row(stored, UNSEEN, f'{UNSEEN}|[<>"]', UNSEEN, f'{UNSEEN}|[<>"]') == (0,)


def questions(route: Route) -> list[str]:
    """Return which words the route reads from its query, and names that many programs read."""
    handler = route.handler.fn
    named = {name for name, one in signature(handler).parameters.items() if one.default == ""}
    for known in vars(modules[handler.__module__]).values():
        if isinstance(known, type) and issubclass(known, Filters):
            named |= {name for name, one in known.model_fields.items() if one.annotation in {str, str | None}}
    return sorted({*named, "q", "page", "id", "next", "reason", "token_hash"})


def asked(route: Route) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Every string in every word that is read, the same in what is no word, and in what HTMX says of itself."""
    for text in (*SHOWN, *ODD):
        yield dict.fromkeys(questions(route), text[:300]), {}
    for text in SHOWN:
        everything = {*signature(route.handler.fn).parameters, *SENSIBLE, *questions(route)}
        yield dict.fromkeys(everything, text), {"hx-request": "true", "hx-current-url": f"/requests?a={IMAGE}"}


@pytest.mark.parametrize("route", readings(), ids=str)
def test_no_address_is_more_than_an_address(reading: Reader, victim: Victim, route: Route) -> None:
    address = address_of(route, {**victim.holes, **dict.fromkeys(BEARER, "made-up")})
    for query, headers in asked(route):
        answer = reading.get(address, params=query, headers=headers)
        assert answer.status_code < 500, query
        assert not alive(answer.text), query
        assert not {"planted", "x-planted"} & {*answer.cookies, *answer.headers}, query


async def test_what_others_wrote_is_shown_and_never_runs(
    browser: BrowserContext, admin: Admin, firm: Firm, victim: Victim
) -> None:
    """Titles, authors and texts of Telegram, names of people, clients, invitations and devices, before an admin."""
    boss = firm.hire("admin", IMAGE[:200])
    chat = firm.connect_chat(boss, SCRIPT)
    client = firm.add_client(IMAGE, chat)
    firm.ask(chat, f"{IMAGE} {SCRIPT}", 70, author=IMAGE)
    firm.ask(firm.connect_chat(boss, IMAGE), SCRIPT, 10, author=SCRIPT)
    firm.invite(f"x{time.time_ns()}@buhbot.test", "manager", SCRIPT)
    with Reader(admin) as elsewhere:
        elsewhere.headers["user-agent"] = f"Mozilla/5.0 {IMAGE} Firefox/1"
        cookies = elsewhere.as_person(boss).cookies
        await browser.add_cookies([{"name": "buhbot", "value": cookies["buhbot"], "url": admin.url}])
    holes = {**victim.holes, "client_id:uuid": str(client), "request_id:uuid": str(firm.request_of(chat))}
    page = await browser.new_page()
    seen = ""
    for route in readings():
        address = address_of(route, {**holes, **dict.fromkeys(BEARER, "made-up")})
        # What is no page runs nowhere: files that are saved, and figures for programs.
        if MediaType.HTML not in (await page.request.get(address)).headers.get("content-type", ""):
            continue
        await page.goto(address)
        assert await page.evaluate("window.planted") is None, str(route)
        assert await page.locator("[data-planted]").count() == 0, str(route)
        seen += await page.inner_text("body")
    assert seen.count(IMAGE) > 4 and seen.count(SCRIPT) > 3
