"""Devices in the words of the profile."""

import pytest

from admin.visitors import UNKNOWN, device_of

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/142.0.0.0", "Edge, Windows"),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} YaBrowser/25.8.0.0 Safari/537.36",
            "Яндекс Браузер, Windows",
        ),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT} Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15", "Safari, macOS"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("", UNKNOWN),
        ("<script>alert(1)</script>", UNKNOWN),
        ("\u202e" * 1000, UNKNOWN),
        ("a" * 5000, "a" * 31),
    ],
)
def test_a_device_is_a_browser_and_a_system(user_agent: str, words: str) -> None:
    assert device_of(user_agent) == words
