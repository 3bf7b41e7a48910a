"""Production as the world meets it: the image's processes, and TLS, names, limits and doors of the proxy (I11)."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from admin.app import LARGEST_BODY_BYTES
from admin.live import ENDED
from admin.pages.chats.importing import LARGEST_FILE_BYTES
from bot.webhook import BODY_LIMIT
from infra.local.waiting import until
from tests.admin.process import hidden
from tests.infra.conftest import OUTSIDE, Browser, Image, trusting
from tests.nginx import DOMAIN, Proxy
from tests.stack import Stack


def logged(proxy: Proxy, **wanted: Any) -> list[dict[str, Any]]:
    """Return the lines of the log with these values, once there is one."""

    def found() -> list[dict[str, Any]]:
        return [line for line in proxy.log() if wanted.items() <= line.items()]

    until(lambda: bool(found()), 5)
    return found()


# ---- The image


def test_the_files_of_the_image_are_all_that_its_processes_need(production: Proxy, image: Image) -> None:
    """That `production` has started says it: all three answer 200 from a folder with nothing else in it."""
    assert {path.name for path in image.folder.iterdir() if path.is_dir()} == {
        "admin",
        "bot",
        "infra",
        "jobs",
        "locale",
    }
    assert not (image.folder / "infra/local").exists()


def test_its_health_check_asks_whichever_process_runs(production: Proxy, image: Image) -> None:
    def said(*ports: int) -> str:
        command = [sys.executable, "-m", "infra.probe", *map(str, ports)]
        return subprocess.run(command, cwd=image.folder, check=False, capture_output=True, text=True).stderr.strip()

    assert [said(9, port) for port in image.ports.values()] == ["", "", ""]
    assert said(9) == "unwell: nobody listens"
    # The proxy's plain door has no /health, and says so.
    assert said(image.ports["bot"], production.ports.plain).startswith("unwell: {")


# ---- TLS and names


def test_pages_come_over_http_2_with_every_header_once(browser: Browser) -> None:
    answer = browser.get("/login")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    for header in ("strict-transport-security", "content-security-policy", "x-content-type-options", "x-request-id"):
        assert len(answer.headers.get_list(header)) == 1, header
    assert "nginx/" not in answer.headers["server"]


def test_what_the_proxy_says_itself_has_the_headers_too(browser: Browser) -> None:
    refused = browser.get("/metrics").headers
    assert refused["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert refused["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert (refused["x-content-type-options"], refused["x-frame-options"]) == ("nosniff", "DENY")
    assert len(refused["x-request-id"]) == 32


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_today_s_tls_is_spoken(production: Proxy, version: ssl.TLSVersion) -> None:
    context = trusting(production)
    context.minimum_version = context.maximum_version = version
    with shaken(production, context) as tls:
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}
        assert (tls.cipher() or ("",))[0].startswith(("ECDHE-", "TLS_"))


def shaken(proxy: Proxy, context: ssl.SSLContext, name: str = DOMAIN) -> ssl.SSLSocket:
    """Return a connection after the handshake."""
    raw = socket.create_connection(("127.0.0.1", proxy.ports.https), 5)
    return context.wrap_socket(raw, server_hostname=name)


def test_yesterday_s_ciphers_and_foreign_names_end_in_the_handshake(production: Proxy) -> None:
    old = trusting(production)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("AES256-SHA")
    with pytest.raises(ssl.SSLError):
        shaken(production, old)
    with pytest.raises(ssl.SSLError, match="unrecognized"):
        shaken(production, trusting(production), "scanner.example")


def test_a_foreign_name_within_is_not_answered(production: Proxy) -> None:
    with shaken(production, trusting(production)) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: scanner.example\r\n\r\n")
        assert tls.recv(100) == b""


def test_plain_http_only_leads_to_https_and_to_the_proofs_of_the_certificate(production: Proxy) -> None:
    plain = f"http://127.0.0.1:{production.ports.http}"
    led = httpx.get(f"{plain}/requests?state=open", headers={"host": DOMAIN})
    assert (led.status_code, led.headers["location"]) == (301, f"https://{DOMAIN}/requests?state=open")
    proofs = production.root / "var/www/acme/.well-known/acme-challenge"
    proofs.mkdir(parents=True)
    (proofs / "token").write_text("proof")
    assert httpx.get(f"{plain}/.well-known/acme-challenge/token", headers={"host": DOMAIN}).text == "proof"
    with pytest.raises(httpx.TransportError):
        httpx.get(plain, headers={"host": "scanner.example"})


def test_a_renewed_certificate_is_taken_up_without_a_restart(production: Proxy) -> None:
    """With the script that stands beside nginx in its container, made impatient."""
    script = (production.root / "etc/nginx/buhbot/reload-when-renewed.sh").read_text()
    script = script.replace("sleep 3600", "sleep 0.1").replace("compose.conf", "debian.conf")
    path = f"{Path(production.command()[0]).parent}:{os.environ['PATH']}"
    own = {"PATH": path, "DOMAIN": DOMAIN}
    watching = subprocess.Popen(["sh", "-c", f"{script}\nwait"], env=own, start_new_session=True)

    def taken_up() -> bool:
        production.renew()
        return until(lambda: is_trusted(production), 3)

    try:
        # The first may come before the script has had its first look.
        assert until(taken_up, 30)
        # Workers of before may take one more connection each.
        assert until(lambda: all(is_trusted(production) for _ in range(20)), 10)
    finally:
        os.killpg(watching.pid, signal.SIGTERM)
        watching.wait(5)


def is_trusted(proxy: Proxy) -> bool:
    try:
        shaken(proxy, trusting(proxy)).close()
    except ssl.SSLError:
        return False
    return True


# ---- What is inside stays inside


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/metrics",
            "/metrics/",
            "//metrics",
            "/%6Detrics",
            "/x/../metrics",
            "/metrics%2f",
            "/metrics?a",
            "/./metrics",
        ),
        *("/grafana", "/grafana/api/health", "/health"),
    ],
)
def test_i11_numbers_are_not_public_however_they_are_spelt(production: Proxy, path: str) -> None:
    with shaken(production, trusting(production)) as tls:
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
        assert tls.recv(100).startswith(b"HTTP/1.1 404 ")


def test_i11_the_bot_s_other_doors_are_not_public(browser: Browser) -> None:
    """What is not the webhook is the admin's, which has none of the bot's doors."""
    assert browser.get("/files/1/2").headers["location"].startswith("/login")
    assert browser.get("/api/health").json() == browser.get("/api/telegram/status").json() == {"status": "ok"}


# ---- The webhook


def delivered(proxy: Proxy, stack: Stack, address: str, **headers: str) -> httpx.Response:
    secret = {"x-telegram-bot-api-secret-token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    with Browser(proxy, address) as telegram:
        return telegram.post("/webhook", json={"update_id": 1}, headers=secret | headers)


def test_telegram_reaches_the_bot_through_tls(production: Proxy, stack: Stack) -> None:
    assert delivered(production, stack, "127.0.0.1").status_code == 200


def test_nobody_else_reaches_it_with_the_right_secret_or_a_borrowed_address(production: Proxy, stack: Stack) -> None:
    for claim in ("x-forwarded-for", "x-real-ip", "forwarded"):
        assert delivered(production, stack, OUTSIDE, **{claim: "149.154.160.1"}).status_code == 403
    assert not [line for line in logged(production, path="/webhook", status=403) if line["upstream"]]


async def at_once(port: int, path: str, times: int, **opening: Any) -> list[bytes]:
    """Ask from many connections in one moment, however busy the machine is, and return what each heard."""
    doors = [await asyncio.open_connection("127.0.0.1", port, **opening) for _ in range(times)]
    for _, writer in doors:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
    answers = await asyncio.gather(*(reader.read() for reader, _ in doors))
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429 ")]
    assert all(b"\r\nRetry-After: 1\r\n" in answer for answer in refused)
    return refused


async def test_a_flood_of_deliveries_is_told_when_to_come_again(production: Proxy) -> None:
    """A hundred at once are all that Telegram ever has under way; three hundred are somebody else."""
    assert not await at_once(production.ports.plain, "/webhook", 100)
    assert await at_once(production.ports.plain, "/webhook", 300)


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/webhook", BODY_LIMIT), ("/chats/import", LARGEST_FILE_BYTES + 64 * 1024), ("/login", LARGEST_BODY_BYTES)],
)
def test_a_body_may_be_as_large_as_its_reader_takes(production: Proxy, path: str, limit: int) -> None:
    # httpx does not hear an answer while it still sends over HTTP/2.
    with Browser(production, "127.0.0.1", http2=False) as somebody:
        somebody.post(path, content=b"x" * limit)
        # Whatever the process says to it, it has got it.
        assert logged(production, path=path, method="POST")[-1]["upstream_status"]
        assert somebody.post(path, content=b"x" * (limit + 1)).status_code == 413
    assert not logged(production, path=path, status=413)[-1]["upstream"]


# ---- The admin


def test_a_person_signs_in_and_reads_compressed_pages(production: Proxy, browser: Browser) -> None:
    form = browser.get("/login")
    fields = {"email": "admin@buhbot.test", "password": "buhbot-demo-2026", "next": hidden(form, "next")}
    token = {"_csrf_token": hidden(form, "_csrf_token")}
    answer = browser.post("/login", data=fields | token, headers={"origin": f"https://{DOMAIN}"})
    assert answer.status_code == 303, answer.text
    page = browser.get("/requests", headers={"x-forwarded-for": "203.0.113.7"})
    assert (page.status_code, page.headers["content-encoding"]) == (200, "gzip")
    # The admin believes the proxy, and the proxy believes nobody: this is whence the person really came.
    assert OUTSIDE in browser.get("/profile").text
    [line] = [
        line for line in logged(production, path="/requests") if line["request_id"] == page.headers["x-request-id"]
    ]
    assert (line["address"], line["status"]) == (OUTSIDE, 200)


async def test_a_socket_is_passed_on_to_the_admin(production: Proxy) -> None:
    async with aiohttp.ClientSession() as client:
        opening = client.ws_connect(
            f"https://127.0.0.1:{production.ports.https}/ws",
            origin=f"https://{DOMAIN}",
            headers={"Host": DOMAIN},
            ssl=trusting(production),
            server_hostname=DOMAIN,
        )
        async with opening as socket_:
            assert (await socket_.receive(timeout=5)).type == aiohttp.WSMsgType.CLOSE
            assert socket_.close_code == ENDED


def test_what_one_page_wants_is_cached_and_never_refused(production: Proxy, browser: Browser) -> None:
    found = browser.get("/login").text
    asset = found[found.index("/static/admin.") :].partition('"')[0]
    assert {browser.get(asset).status_code for _ in range(150)} == {200}
    assert "immutable" in browser.get(asset).headers["cache-control"]
    assert [line["cache"] for line in logged(production, path=asset)].count("MISS") == 1


async def test_whoever_asks_for_pages_like_a_machine_is_slowed(production: Proxy) -> None:
    opening = {"ssl": trusting(production), "server_hostname": DOMAIN, "local_addr": ("127.0.0.10", 0)}
    assert await at_once(production.ports.https, "/login", 150, **opening)


def test_the_log_has_neither_queries_nor_invitations(production: Proxy, browser: Browser) -> None:
    browser.get("/invite/secret-of-an-invitation")
    browser.get("/reset?token=secret-of-a-reset")
    assert logged(production, path="/invite/")
    assert logged(production, path="/reset")
    assert "secret-of" not in json.dumps(production.log()) + production.errors()
