"""Whatever is sent to whichever route: a clear refusal, never a 500, never silence.

Bytes on a bare socket: an HTTP client would tidy up, or refuse to send, what an attacker sends.
"""

import socket
import time
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, hidden
from tests.admin.routes import Route, routes

PATIENCE_SECONDS = 8.0
EXAMPLES = 150

ROUTES = routes()
# What servers, parsers, databases and file systems stumble over.
ODD = st.sampled_from(
    [
        *(b"%00", b"%ff", b"%c0%ae", b"..%2f..%2fetc%2fpasswd", b"%2e%2e", b"%", b"%zz", b"%ED%A0%80", b"\xff\xfe"),
        *(
            b"-1",
            b"0",
            b"9223372036854775808",
            b"1" * 5000,
            b"1e9",
            b"NaN",
            b"null",
            b"00000000-0000-0000-0000-00000000000",
        ),
        *(
            b"' or 1=1 --",
            b"%27%3B drop table users",
            b"<script>",
            b"{{7*7}}",
            b"${jndi:x}",
            b"a" * 3000,
            b"\xd0\xaf",
            b"a@b.ru",
        ),
        *(
            b"*",
            b"eq.1",
            b"(a,b)",
            b"a&b=c",
            b"a[]=1&a[]=2",
            b"=",
            b"&&&",
            b"?",
            b"#",
            b";",
            b"\\",
            b"//",
            b"%0d%0aa: b",
        ),
    ]
)
WORD = st.one_of(ODD, st.binary(max_size=20))
# Most of it gets past the HTTP parser, which has its own tests below: nothing that ends a line or a header.
IN_PATH = WORD.map(lambda word: quote_from_bytes(word, safe="%./\\").encode())
IN_HEADER = WORD.map(lambda word: bytes(byte for byte in word if byte >= 0x20 and byte != 0x7F))
METHOD = st.sampled_from(
    [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"GETS", b"\xff"]
)
TYPES = st.sampled_from(
    [
        *(b"application/x-www-form-urlencoded", b"application/json", b"multipart/form-data; boundary=x", b"text/xml"),
        *(
            b"multipart/form-data",
            b"application/x-www-form-urlencoded; charset=utf-16",
            b"application/msgpack",
            b"\xff",
        ),
    ]
)
BODY = st.one_of(
    st.binary(max_size=200),
    st.lists(st.tuples(st.sampled_from([b"email", b"password", b"next", b"id", b"_csrf_token"]), WORD), max_size=5).map(
        lambda fields: b"&".join(name + b"=" + value for name, value in fields)
    ),
    st.sampled_from(
        [b"[" * 20_000, b'{"a":' * 2_000, b"{}", b"null", b'"\\ud800"', b"a" * 70_000, b"--x\r\n\r\n\r\n--x"]
    ),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(b"accept", b"accept-language", b"accept-encoding", b"hx-request", b"hx-current-url", b"hx-boosted"),
                *(b"x-request-id", b"x-forwarded-for", b"forwarded", b"range", b"if-none-match", b"origin", b"referer"),
                *(b"cookie", b"x-csrftoken", b"authorization", b"upgrade", b"expect", b"x-http-method-override"),
            ]
        ),
        st.one_of(
            WORD, st.sampled_from([b"application/json", b"true", b"buhbot=x; zone=\xff", b"zone=../../etc/passwd"])
        ),
    ),
    max_size=4,
)


@st.composite
def paths(draw: st.DrawFn) -> bytes:
    """A route with odd values in its holes, or with odd ends; sometimes no route at all."""
    route = draw(st.sampled_from(ROUTES))
    parts = [draw(IN_PATH) if part.startswith("{") else part.encode() for part in route.path.strip("/").split("/")]
    path = b"/" + b"/".join(parts) + draw(st.sampled_from([*[b""] * 12, b"/", b"/.", b"%2f", b";a"]))
    if draw(st.integers(0, 9)) == 0:
        path = b"/" + draw(IN_PATH)
    query = draw(st.lists(st.tuples(st.sampled_from([b"next", b"reason", b"page", b"q", b"id"]), IN_PATH), max_size=3))
    return path + (b"?" + b"&".join(name + b"=" + value for name, value in query) if query else b"")


def ask(url: str, request: bytes) -> bytes:
    """Send it and return all that comes back until the server hangs up."""
    target = urlsplit(url)
    with socket.create_connection((target.hostname, target.port or 80), PATIENCE_SECONDS) as door:
        answer, end = b"", time.monotonic() + PATIENCE_SECONDS
        try:
            door.sendall(request)
            while piece := door.recv(65536):
                answer += piece
                assert time.monotonic() < end, "it never ends"
        except (ConnectionResetError, BrokenPipeError):
            # Refused before all of it was sent.
            return answer or b"HTTP/1.1 400"
        return answer


class Attacker:
    """Somebody who signs in anew whenever something that he sent has signed him out."""

    def __init__(self, admin: Admin, person: Colleague | None) -> None:
        self._admin, self._person = admin, person
        self._cookies, self._token = b"", b""

    def headers(self) -> list[tuple[bytes, bytes]]:
        if not self._token:
            with Reader(self._admin) as reader:
                if self._person:
                    reader.as_person(self._person)
                page = reader.get("/requests" if self._person else "/login")
                self._token = hidden(page, "_csrf_token").encode()
                self._cookies = "; ".join(f"{name}={value}" for name, value in reader.cookies.items()).encode()
        return [(b"cookie", self._cookies), (b"x-csrftoken", self._token)]

    def send(self, method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
        host = urlsplit(self._admin.url).netloc.encode()
        # The first of two equal headers counts for most servers: a fuzzed cookie then replaces the good one.
        sent = [(b"host", host), *headers, *self.headers(), (b"connection", b"close")]
        sent.append((b"content-length", str(len(body)).encode()))
        lines = [name + b": " + value for name, value in sent]
        answer = ask(
            self._admin.url, method + b" " + path + b" HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body
        )
        if b"buhbot=" in answer.partition(b"\r\n\r\n")[0]:
            self._token = b""
        return answer


@pytest.fixture(params=[True, False], ids=["signed in", "signed out"])
def attacker(admin: Admin, firm: Firm, request: pytest.FixtureRequest) -> Iterator[Attacker]:
    person = firm.hire("manager") if request.param else None
    yield Attacker(admin, person)
    # Whatever it was: the process is there and does its work.
    with Reader(admin) as reader:
        assert reader.get("/health").status_code == 200


def test_the_fuzz_gets_past_the_door(attacker: Attacker) -> None:
    """What is sent with nothing odd in it is a request like any other."""
    assert status_of(attacker.send(b"GET", b"/requests", [(b"hx-request", b"true")], b"")) in {200, 401}
    assert status_of(attacker.send(b"POST", b"/login", [(b"content-type", b"text/plain")], b"")) == 401


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer[9:12])


def test_nothing_that_is_sent_breaks_the_admin(attacker: Attacker) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(METHOD, paths(), HEADERS, TYPES, BODY)
    def survives(method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], kind: bytes, body: bytes) -> None:
        answer = attacker.send(method, path, [*headers, (b"content-type", kind)], body)
        assert status_of(answer) < 500, answer[:400]

    survives()


def test_every_page_survives_odd_questions(attacker: Attacker) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(paths(), HEADERS)
    def survives(path: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        answer = attacker.send(b"GET", path, headers, b"")
        assert status_of(answer) < 500, answer[:400]

    survives()


def test_every_form_survives_odd_fields(attacker: Attacker) -> None:
    # Signing out reads no field, and signing in again takes its time.
    posts = [route for route in ROUTES if route.method == "POST" and route.path != "/logout"]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(posts), TYPES, BODY)
    def survives(route: Route, kind: bytes, body: bytes) -> None:
        answer = attacker.send(b"POST", route.address.encode(), [(b"content-type", kind)], body)
        assert status_of(answer) < 500, answer[:400]

    survives()


@pytest.mark.parametrize(
    "request_line",
    [
        *(b"GET", b"GET / HTTP/9.9", b"\x00\x01\x02", b"GET http://evil.example/ HTTP/1.1", b"CONNECT a:1 HTTP/1.1"),
        *(b"GET " + b"/a" * 50_000 + b" HTTP/1.1", b"GET /\xff\xfe HTTP/1.1", b"PRI * HTTP/2.0", b"GET  /  HTTP/1.1"),
    ],
)
def test_what_is_no_request_is_refused(admin: Admin, request_line: bytes) -> None:
    answer = ask(admin.url, request_line + b"\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
    assert not answer or status_of(answer) < 500


@pytest.mark.parametrize("length", [b"-1", b"abc", b"99999999999999999999", b"5, 6", b""])
def test_a_length_that_is_none_is_refused(admin: Admin, length: bytes) -> None:
    head = b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: " + length
    answer = ask(admin.url, head + b"\r\n\r\n")
    assert not answer or status_of(answer) < 500
