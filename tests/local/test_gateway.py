"""The gateway's door: who is let in, as whom, and what is said when nobody is behind it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import httpx
import pytest

from infra.local import keys
from infra.local.waiting import until
from tests.stack import Stack


@pytest.fixture
def gateway(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.urls["gateway"], timeout=5, headers={"accept-profile": "api"}) as client:
        yield client


def old_style(stack: Stack, role: str) -> str:
    """A key as projects had them before `sb_*`: a token signed with the project's secret."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "supabase", "role": role, "exp": 4_000_000_000})
    head = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    digest = hmac.digest(keys.keep(stack.home).jwt_secret.encode(), head.encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def reads_users(gateway: httpx.Client, **headers: str) -> int:
    return gateway.get("/rest/v1/users?select=id", headers=headers).status_code


def test_no_key_no_entry(gateway: httpx.Client) -> None:
    for path in ("/rest/v1/users", "/auth/v1/user", "/rest/v1"):
        answer = gateway.get(path)
        assert (answer.status_code, answer.json()["message"]) == (401, "No API key found in request")


def test_an_unknown_key_is_refused(gateway: httpx.Client, stack: Stack) -> None:
    forged = old_style(stack, "service_role")[:-2] + "xx"
    for key in ("sb_secret_guess", "a.b.c", "..", forged):
        assert reads_users(gateway, apikey=key) == 401


def test_a_key_of_odd_letters_is_refused_and_harms_nobody(gateway: httpx.Client) -> None:
    odd = b"a.b." + b"x" * 42 + b"\xe9"
    for _ in range(2):
        assert gateway.get("/rest/v1/users", headers=[(b"apikey", odd)]).status_code == 401


def test_i20_the_secret_key_is_the_service_with_or_without_a_bearer(gateway: httpx.Client, stack: Stack) -> None:
    key = stack.env["SUPABASE_SERVICE_ROLE_KEY"]
    assert reads_users(gateway, apikey=key) == 200
    assert reads_users(gateway, apikey=key, authorization=f"Bearer {key}") == 200


def test_the_publishable_key_is_nobody_in_particular(gateway: httpx.Client, stack: Stack) -> None:
    key = stack.env["SUPABASE_ANON_KEY"]
    assert reads_users(gateway, apikey=key) == 401
    assert reads_users(gateway, apikey=key, authorization=f"Bearer {key}") == 401


def test_i20_old_keys_work_too(gateway: httpx.Client, stack: Stack) -> None:
    service, anon = old_style(stack, "service_role"), old_style(stack, "anon")
    assert reads_users(gateway, apikey=service, authorization=f"Bearer {service}") == 200
    assert reads_users(gateway, apikey=anon, authorization=f"Bearer {anon}") == 401


def test_the_publishable_key_cannot_lift_a_bearer(gateway: httpx.Client, stack: Stack) -> None:
    assert reads_users(gateway, apikey=stack.env["SUPABASE_ANON_KEY"], authorization="Bearer nonsense") == 401


def test_other_paths_lead_nowhere(gateway: httpx.Client) -> None:
    for path in ("/", "/storage/v1/object", "/rest/v10", "//rest/v1"):
        assert gateway.get(path).status_code == 404


def test_tables_of_public_are_not_served(gateway: httpx.Client, stack: Stack) -> None:
    headers = {"apikey": stack.env["SUPABASE_SERVICE_ROLE_KEY"], "accept-profile": "public"}
    answer = gateway.get("/rest/v1/users", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106")


def test_without_postgrest_it_says_so_at_once_and_lives_on(gateway: httpx.Client, stack: Stack) -> None:
    key = stack.env["SUPABASE_SERVICE_ROLE_KEY"]
    gateway_pid = stack.pid_of("gateway")
    stack.kill("postgrest")
    assert reads_users(gateway, apikey=key) in {200, 503}
    stack.wait_healthy("postgrest")
    assert until(lambda: reads_users(gateway, apikey=key) == 200, 5)
    assert stack.pid_of("gateway") == gateway_pid
