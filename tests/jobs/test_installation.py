"""What the jobs see of what they stand on: certificates as a visitor takes them, and the disk."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from infra import certificates
from jobs.installation import Installation
from tests.certificates import site


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose `authority.pem` is taken for true."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return tmp_path


async def test_a_certificate_is_seen_as_a_visitor_sees_it(trusted: Path) -> None:
    async with site(trusted, days=10.5) as url:
        seen = await Installation([url, "http://127.0.0.1:1/"]).look()
    (certificate,) = seen["certificates"].values()
    assert (datetime.fromisoformat(certificate["expires_at"]) - datetime.now(UTC)).days == 10
    assert certificate["fault"] is None
    assert 0 <= seen["disk"]["free_percent"] <= 100
    expires = REGISTRY.get_sample_value("buhbot_certificate_expiry_timestamp_seconds", {"host": "localhost"})
    assert expires == datetime.fromisoformat(certificate["expires_at"]).timestamp()


async def test_one_that_ran_out_or_that_nobody_vouches_for_is_told_with_the_reason(
    tmp_path: Path, trusted: Path
) -> None:
    async with site(trusted, days=-1) as url:
        assert (await certificates.look(url)).fault == "certificate has expired"
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    async with site(stranger, days=90) as url:
        assert "certificate" in ((await certificates.look(url)).fault or "")


async def test_one_that_cannot_be_seen_is_as_it_was(trusted: Path) -> None:
    seen = await Installation(["https://127.0.0.1:1/"]).look()
    assert seen["certificates"] == {}
