"""Every page of the app as a passive scanner looks at it, as each role; and under which names it answers at all."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import httpx
import pytest
from litestar.testing import RequestFactory

from admin.security import address_block
from admin.settings import AdminSettings
from admin.visitors import address_of
from tests.admin.firm import Firm, Role
from tests.admin.process import Admin, Reader, running_admin, words
from tests.admin.routes import Route, readings
from tests.stack import Stack

ROLES: tuple[Role | None, ...] = ("admin", "manager", "accountant", "observer", None)
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NEVER = ("server", "x-powered-by", "access-control-allow-origin", "www-authenticate")
INLINE = {
    "inline script": r"<script\b(?![^>]*\bsrc=)",
    "inline style": r"<style\b|<[^>]+\sstyle\s*=",
    "event handler": r"<[^>]+\son[a-z]+\s*=",
    "javascript address": r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:",
    "base": r"<base\b",
}
ADDRESS = re.compile(r"(?:href|src|action|formaction|poster|data|hx-get|hx-post)=\"([^\"]*)\"")
# Signed tokens, bot tokens, Supabase's keys: whoever they belong to, no page shows one.
TOKENS = re.compile(r"\beyJ[\w-]+\.[\w-]+\.|(?<!\d)\d{5,}:[\w-]{20,}|\bsb_(?:secret|publishable)_\w+")


def header_faults(headers: httpx.Headers, *, is_https: bool = False) -> Iterator[str]:
    for name, value in HEADERS.items():
        if headers.get_list(name) != [value]:
            yield f"{name}: {headers.get_list(name)}"
    yield from (f"{name} is sent" for name in NEVER if name in headers)
    if not {"camera=()", "geolocation=()", "microphone=()"} <= set(headers.get("permissions-policy", "").split(", ")):
        yield "permissions-policy"
    if ("strict-transport-security" in headers) != is_https:
        yield "strict-transport-security"
    if "charset=utf-8" not in headers.get("content-type", "charset=utf-8") and "text/" in headers["content-type"]:
        yield "no charset"
    cache = headers.get("cache-control", "")
    if not (cache == "no-store" or "private" in cache or "immutable" in cache):
        yield f"cache-control: {cache}"
    yield from policy_faults(headers.get("content-security-policy", ""))


def policy_faults(text: str) -> Iterator[str]:
    policy = {part.split(" ")[0]: part.split(" ")[1:] for part in text.split("; ")}
    for directive in ("default-src", "frame-ancestors", "base-uri"):
        if policy.get(directive) != ["'none'"]:
            yield f"{directive} {policy.get(directive)}"
    if policy.get("form-action") not in (["'self'"], ["'none'"]):
        yield "form-action"
    for directive, sources in policy.items():
        if directive in {"script-src", "style-src"} and sources != ["'self'"]:
            yield f"{directive} {sources}"
        if any("unsafe" in source or "*" in source or source in {"http:", "https:"} for source in sources):
            yield f"{directive} is open"


def cookie_faults(headers: httpx.Headers, *, is_https: bool = False) -> Iterator[str]:
    for cookie in headers.get_list("set-cookie"):
        name, *rest = cookie.split("; ")
        attributes = {part.lower() for part in rest}
        if not {"httponly", "path=/", "samesite=lax"} <= attributes or any(
            part.startswith("domain") for part in attributes
        ):
            yield f"cookie {name.partition('=')[0]}: {sorted(attributes)}"
        if is_https and not (name.startswith("__Host-") and "secure" in attributes):
            yield f"cookie {name.partition('=')[0]} is not bound to the host"


def body_faults(text: str, secrets: Mapping[str, str]) -> Iterator[str]:
    for fault, pattern in INLINE.items():
        if found := re.search(pattern, text, re.IGNORECASE):
            yield f"{fault}: {found[0][:60]}"
    for address in ADDRESS.findall(text):
        if re.match(r"(?:[a-z]+:)?//", address, re.IGNORECASE) and not address.startswith("https://t.me/"):
            yield f"foreign host: {address[:60]}"
    if found := TOKENS.search(text):
        yield f"token: {found[0][:12]}…"
    yield from (f"secret: {name}" for name, secret in secrets.items() if secret in text)


def test_the_scanner_finds_what_it_looks_for() -> None:
    assert list(header_faults(httpx.Headers({"server": "x", "content-type": "text/html"})))
    assert list(policy_faults("default-src 'none'; script-src 'self' 'unsafe-inline'"))
    assert list(cookie_faults(httpx.Headers({"set-cookie": "a=b; Path=/"})))
    assert not list(cookie_faults(httpx.Headers({"set-cookie": "a=b; HttpOnly; Path=/; SameSite=lax"})))
    planted = (
        *("<script>x()</script>", '<p style="x">', '<a onclick="x">', '<a href="javascript:x">', "<style>"),
        *('<img src="//evil.example/x">', '<form action="https://evil.example">', "eyJhbGciOiJI.eyJzdWIi.", "s3cret"),
    )
    for text in planted:
        assert len(list(body_faults(text, {"SESSION_SECRET": "s3cret"}))) == 1, text
    assert not list(body_faults('<script src="/static/a.js"></script><a href="/requests">', {"A": "s3cret"}))


@pytest.mark.parametrize("role", ROLES, ids=str)
def test_every_page_passes_the_scanner(
    admin: Admin, firm: Firm, environment: dict[str, str], role: Role | None
) -> None:
    names = ("SESSION_SECRET", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "TELEGRAM_BOT_TOKEN", "DATABASE_URL")
    secrets = {name: environment[name] for name in names}
    found: list[str] = []
    with Reader(admin) as reader:
        if role:
            person = firm.hire(role)
            firm.ask(firm.connect_chat(person), "<script>alert(1)</script> <b onclick='x'> https://evil.example/?a=1")
            secrets["session"] = reader.as_person(person).cookies["buhbot"]
        for address in addresses():
            for headers in ({}, {"hx-request": "true"}, {"accept": "application/json"}):
                answer = reader.get(address, headers=headers)
                faults = [*header_faults(answer.headers), *cookie_faults(answer.headers)]
                if "text/html" in answer.headers.get("content-type", ""):
                    faults += body_faults(answer.text, secrets)
                if answer.status_code >= 500:
                    faults.append(f"status {answer.status_code}")
                found += [f"{address} as {role} {headers}: {fault}" for fault in faults]
    assert not found


def addresses() -> list[str]:
    return ["/nowhere", "/logout", "/requests?%00=%ff", *(route.address for route in readings())]


def test_on_https_every_answer_binds_the_browser(environment: dict[str, str], tmp_path: Path) -> None:
    with (
        running_admin(environment, tmp_path / "log", ADMIN_URL="https://buhbot.example") as secure,
        httpx.Client(base_url=secure.url, headers={"host": "buhbot.example"}) as client,
    ):
        for address in addresses():
            answer = client.get(address)
            assert not [*header_faults(answer.headers, is_https=True), *cookie_faults(answer.headers, is_https=True)]
            assert "max-age=31536000" in answer.headers["strict-transport-security"]
        # A page of plain http, and this machine's own name, are foreign here.
        for origin in ("http://buhbot.example", "http://127.0.0.1", "https://evil.example"):
            assert asyncio.run(handshake(secure, {"Host": "buhbot.example", "Origin": origin})) == 403
        assert asyncio.run(handshake(secure, {"Host": "buhbot.example", "Origin": "https://buhbot.example"})) == 101


async def handshake(admin: Admin, headers: dict[str, str]) -> int:
    """Return how a socket is answered: 101 when it opens."""
    with suppress(aiohttp.WSServerHandshakeError):
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{admin.url}/ws", headers=headers):
            return 101
    return 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "evil.example:5000", "127.0.0.1@evil.example", "", "[::2]", "a b"],
)
def test_under_a_foreign_name_there_is_nothing(admin: Admin, host: str) -> None:
    with httpx.Client(base_url=admin.url) as client:
        answers = [
            client.get(path, headers={"host": host}) for path in ("/login", "/requests", "/static/x", "/nowhere")
        ]
        assert {answer.status_code for answer in answers} <= {400, 421}
        assert all("<form" not in answer.text and "set-cookie" not in answer.headers for answer in answers)
        assert client.get("/health", headers={"host": host}).status_code in {200, 400}
    assert asyncio.run(handshake(admin, {"Host": host or "x.example", "Origin": f"http://{host}"})) == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_has_several_names(admin: Admin, name: str) -> None:
    port = admin.url.rpartition(":")[2]
    host = {"host": f"{name}:{port}"}
    assert httpx.get(f"{admin.url}/login", headers=host).status_code == 200
    assert asyncio.run(handshake(admin, {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"})) == 101
    assert asyncio.run(handshake(admin, {"Host": f"{name}:{port}", "Origin": f"http://{name}:1"})) == 403


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        *((odd, "unknown") for odd in ("", "testclient", "192.0.2.1:80", "fe80::1%eth0x/64", "１２７.0.0.1")),
    ],
)
def test_an_address_is_counted_as_what_one_caller_has(address: str, block: str) -> None:
    assert address_block(address) == block


def test_whoever_comes_by_no_network_has_no_address() -> None:
    request = RequestFactory().get("/")
    request.scope["client"] = None
    assert address_of(request) == ""


@pytest.mark.parametrize("proxies", ["*", "nginx", "10.0.0.0/33", "10.0.0.1/8", "127.0.0.1;10.0.0.1"])
def test_proxies_are_named_by_address(proxies: str) -> None:
    given_settings = {"supabase_url": "http://a", "redis_url": "redis://a", "supabase_anon_key": "a"}
    with pytest.raises(ValueError, match="trusted_proxies"):
        AdminSettings.model_validate({**given_settings, "session_secret": "s" * 32, "trusted_proxies": proxies})


def test_i5_neither_environment_nor_memory_of_the_admin_holds_a_key_of_the_firm(
    admin: Admin, firm: Firm, stack: Stack
) -> None:
    """The one that was just used for work, and the one that `make up` started."""
    with Reader(admin) as reader:
        reader.as_person(firm.hire("admin")).get("/requests")
        reader.get("/files/-1001/1")
    forbidden = ("SUPABASE_SERVICE_ROLE_KEY", "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET")
    for pid in (admin.process.pid, stack.pid_of("admin")):
        held = memory_of(pid) + Path(f"/proc/{pid}/environ").read_bytes()
        found = [name for name in ("SUPABASE_ANON_KEY", *forbidden) if stack.env[name].encode() in held]
        assert found == ["SUPABASE_ANON_KEY"]


def memory_of(pid: int) -> bytes:
    """Return all that a process may write to."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                first, last = (int(end, 16) for end in span.split("-"))
                memory.seek(first)
                with suppress(OSError):  # the kernel's own pages
                    found.append(memory.read(last - first))
    return b"".join(found)


def test_every_page_is_looked_at() -> None:
    known: list[Route] = readings()
    assert {"/login", "/requests", "/health", "/static/{name:path}"} <= {route.path for route in known}


def test_a_foreign_name_is_answered_in_words(admin: Admin) -> None:
    assert "Откройте панель по её обычному адресу" in words(
        httpx.get(f"{admin.url}/login", headers={"host": "x.example"})
    )
