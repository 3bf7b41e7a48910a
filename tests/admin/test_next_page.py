"""Signing in leads to a page of ours."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.next_page import HOME, login_address, safe_next


@pytest.mark.parametrize("address", ["/requests", "/requests?state=overdue&owner=%D0%9E", "/chats/1#top"])
def test_a_page_of_ours_is_kept(address: str) -> None:
    assert safe_next(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "requests", "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example"),
        *("\\/evil.example", "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)"),
        *("/login", "/login?next=/login", "/logout", "/", "/x" * 1000),
    ],
)
def test_anything_else_becomes_the_start_page(address: str) -> None:
    assert safe_next(address) == HOME


@given(st.text())
def test_no_text_leads_away(text: str) -> None:
    kept = safe_next(text)
    assert kept.startswith("/")
    assert kept[:2] not in {"//", "/\\"}
    assert kept in {text, HOME}


def test_the_way_back_survives_the_address() -> None:
    assert login_address("/requests?a=1&b=2", "expired") == "/login?next=%2Frequests%3Fa%3D1%26b%3D2&reason=expired"


# Reads an address as browsers do (WHATWG), for each line of JSON.
BROWSER = """
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => {
  let origin = "none";
  try { origin = new URL(JSON.parse(line), "https://buhbot.example/login?a=b").origin; } catch {}
  console.log(origin);
});
"""


@contextmanager
def address_bar() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        ["node", "-e", BROWSER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as node:
        yield node
        node.kill()


PIECES = st.sampled_from(
    [
        *("/", "//", "\\", ".", "..", "@", ":", "?", "#", "%2f", "%5c", "%09", "\t", "\n", "\r", "\x00", " ", "\u3000"),
        *(
            "evil.example",
            "https:",
            "javascript:",
            "data:",
            "buhbot.example",
            "requests",
            "／",
            "。",
            "\ud7ff",
            "[::1]",
        ),
    ]
)


def test_no_next_leads_a_browser_to_another_site() -> None:
    with address_bar() as node:
        assert node.stdin
        assert node.stdout
        stdin, stdout = node.stdin, node.stdout

        @settings(max_examples=1500, deadline=None)
        @given(st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(max_size=30)))
        def lands_here(text: str) -> None:
            stdin.write(json.dumps(safe_next(text)) + "\n")
            assert stdout.readline() == "https://buhbot.example\n"

        lands_here()
        # The address bar can tell the difference.
        stdin.write(json.dumps("/\\evil.example") + "\n")
        assert stdout.readline() == "https://evil.example\n"
