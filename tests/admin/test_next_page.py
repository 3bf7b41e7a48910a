"""Signing in leads to a page of ours."""

import pytest
from hypothesis import given
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
