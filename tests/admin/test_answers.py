"""What every answer carries, what static files weigh, and what errors say."""

import base64
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest

from admin.settings import AdminSettings
from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader, words

STATIC = Path(__file__).parents[2] / "admin" / "static"
VENDORED = json.loads((STATIC / "vendor" / "manifest.json").read_text())
FIRST_LOAD_BYTES = 150_000


@pytest.mark.parametrize("path", ["/login", "/requests", "/nowhere", "/logout", "/static/admin.css", "/health"])
def test_every_answer_says_what_a_browser_must_refuse(reader: Reader, path: str) -> None:
    headers = reader.get(path).headers
    policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def assets_of(page: httpx.Response) -> list[str]:
    return sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)))


def test_static_files_are_kept_for_ever_under_their_hash(reader: Reader) -> None:
    addresses = assets_of(reader.get("/login"))
    assert len(addresses) >= 5
    for address in addresses:
        found = reader.get(address)
        assert found.status_code == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in found.headers
        digest = hashlib.sha256(found.content).hexdigest()[:12]
        assert address.rsplit(".", 2)[1] == digest


@pytest.mark.parametrize(
    "name",
    [
        "admin.css",
        "vendor/htmx.min.js",
        "vendor/manifest.json",
        "vendor/onest-LICENSE.txt",
        "../app.py",
        "%2e%2e/app.py",
        "",
    ],
)
def test_no_other_name_is_served(reader: Reader, name: str) -> None:
    assert reader.get(f"/static/{name}").status_code == 404


def test_styles_name_fonts_by_their_hash(reader: Reader) -> None:
    [sheet] = [address for address in assets_of(reader.get("/login")) if address.endswith(".css")]
    fonts = re.findall(r'url\("([^"]+)"\)', reader.get(sheet).text)
    assert len(fonts) == 2
    assert all(reader.get(font).headers["content-type"] == "font/woff2" for font in fonts)


@pytest.mark.parametrize("vendored", VENDORED, ids=lambda entry: entry["file"])
def test_vendored_files_are_what_was_published(vendored: dict[str, str]) -> None:
    content = (STATIC / "vendor" / vendored["file"]).read_bytes()
    assert vendored["sha384"] == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    assert (STATIC / "vendor" / vendored["licence_text"]).is_file()
    assert vendored["version"]


def test_every_vendored_file_is_accounted_for() -> None:
    known = {"manifest.json", *(entry[key] for entry in VENDORED for key in ("file", "licence_text"))}
    assert {path.name for path in (STATIC / "vendor").iterdir()} == known


def test_the_first_load_is_light(admin: Admin, firm: Firm) -> None:
    with Reader(admin) as reader:
        page = reader.as_person(firm.hire("manager")).get("/requests")
        answers = [page, *(reader.get(address) for address in assets_of(page))]
    assert sum(answer.num_bytes_downloaded for answer in answers) <= FIRST_LOAD_BYTES


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "Страница не найдена"),
        ("GET", "/logout", 405, "Так открыть нельзя"),
        ("DELETE", "/requests", 405, "Так открыть нельзя"),
    ],
)
def test_errors_are_plain_words_in_the_same_clothes(
    reader: Reader, method: str, path: str, status: int, title: str
) -> None:
    page = reader.request(method, path)
    assert page.status_code == status
    assert title in words(page)
    assert "admin." in page.text
    told = reader.request(method, path, headers={"accept": "application/json"})
    assert (told.status_code, told.json()) == (status, {"status": "error", "message": title, "errors": []})


def test_too_much_is_too_much(reader: Reader) -> None:
    answer = reader.post("/login", data={"email": "a" * 100_000})
    assert answer.status_code == 413
    assert "Слишком большой запрос" in words(answer)

    def chunks() -> list[bytes]:
        return [b"email=" + b"a" * 50_000, b"b" * 50_000]

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert reader.post("/login", content=iter(chunks()), headers=headers).status_code == 413


def test_a_surprise_becomes_a_number(admin: Admin, reader: Reader, firm: Firm) -> None:
    """I10: the page shows a number, the log everything under the same number but no token."""
    person = firm.hire("manager")
    reader.as_person(person)
    firm.run("alter function api.find_requests rename to gone_for_a_moment")
    try:
        firm.run("notify pgrst, 'reload schema'")
        page = reader.get("/requests")
    finally:
        firm.run("alter function api.gone_for_a_moment rename to find_requests")
        firm.run("notify pgrst, 'reload schema'")
    assert page.status_code == 500
    found = re.search(r"Номер ошибки: ([0-9a-f]{8})", words(page))
    assert found
    [line] = [line for line in admin.log.splitlines() if found[1] in line]
    assert "Traceback" in line
    assert "eyJ" not in line
    assert "Traceback" not in page.text


def test_answers_are_counted_by_route_not_by_address(reader: Reader) -> None:
    reader.get("/nowhere/in/particular")
    reader.get("/login")
    metrics = reader.get("/metrics").text
    assert 'buhbot_admin_request_seconds_count{method="GET",route="/login",status="200"}' in metrics
    assert 'buhbot_admin_request_seconds_count{method="GET",route="unmatched",status="404"}' in metrics
    assert "particular" not in metrics


def test_health_names_its_parts(reader: Reader) -> None:
    health = reader.get("/health")
    assert health.status_code == 200
    assert health.json()["checks"] == {"supabase_auth": "ok", "supabase_rest": "ok", "redis": "ok"}


def test_pages_travel_compressed(reader: Reader) -> None:
    assert reader.get("/login").headers["content-encoding"] == "gzip"


def test_the_admin_knows_no_service_key(admin: Admin) -> None:
    """I5"""
    assert not [name for name in AdminSettings.model_fields if "service" in name or "database" in name]
    environment = Path(f"/proc/{admin.process.pid}/environ").read_bytes()
    assert b"SERVICE_ROLE" not in environment
