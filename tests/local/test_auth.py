"""Sign-in against the local Auth service, as supabase clients do it."""

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import psycopg
import pytest

from tests.stack import Stack

DEMO = {"email": "accountant@buhbot.test", "password": "buhbot-demo-2026"}


@pytest.fixture
def auth(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"apikey": stack.env["SUPABASE_ANON_KEY"]}
    with httpx.Client(base_url=f"{stack.urls['gateway']}/auth/v1", timeout=10, headers=headers) as client:
        yield client


@pytest.fixture
def service(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"apikey": stack.env["SUPABASE_SERVICE_ROLE_KEY"]}
    with httpx.Client(base_url=f"{stack.urls['gateway']}/auth/v1", timeout=10, headers=headers) as client:
        yield client


def sign_in(auth: httpx.Client, **credentials: str) -> httpx.Response:
    return auth.post("/token?grant_type=password", json=credentials)


def session(auth: httpx.Client) -> dict[str, Any]:
    answer = sign_in(auth, **DEMO)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_token_proves_itself_with_the_published_key(auth: httpx.Client, stack: Stack) -> None:
    token = session(auth)["access_token"]
    keys = jwt.PyJWKSet.from_dict(auth.get("/.well-known/jwks.json").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    issuer = f"{stack.env['SUPABASE_URL']}/auth/v1"
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="authenticated", issuer=issuer)
    assert (claims["email"], claims["role"], claims["aal"]) == (DEMO["email"], "authenticated", "aal1")
    assert "d" not in auth.get("/.well-known/jwks.json").json()["keys"][0]


def test_a_person_reads_with_her_token(auth: httpx.Client, stack: Stack) -> None:
    found = session(auth)
    headers = {"authorization": f"Bearer {found['access_token']}", "apikey": stack.env["SUPABASE_ANON_KEY"]}
    rest = f"{stack.urls['gateway']}/rest/v1/users?select=email&id=eq.{found['user']['id']}"
    answer = httpx.get(rest, headers={**headers, "accept-profile": "api"})
    assert (answer.status_code, answer.json()) == (200, [{"email": DEMO["email"]}])
    assert auth.get("/user", headers=headers).json()["email"] == DEMO["email"]


def test_wrong_credentials_are_all_the_same(auth: httpx.Client) -> None:
    wrong = sign_in(auth, email=DEMO["email"], password="wrong")
    unknown = sign_in(auth, email="nobody@buhbot.test", password="wrong")
    assert wrong.status_code == unknown.status_code == 400
    assert wrong.json() == unknown.json()


def test_a_refresh_token_rotates(auth: httpx.Client) -> None:
    first = session(auth)
    second = auth.post("/token?grant_type=refresh_token", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


def test_only_the_service_manages_people(auth: httpx.Client, service: httpx.Client) -> None:
    token = session(auth)["access_token"]
    assert auth.get("/admin/users").status_code == 403
    assert auth.get("/admin/users", headers={"authorization": f"Bearer {token}"}).status_code == 403
    found = service.get("/admin/users?per_page=1000").json()["users"]
    assert DEMO["email"] in {user["email"] for user in found}


def invitation(stack: Stack, email: str) -> dict[str, str]:
    """What a sign-up must bring along."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as operator:
        row = operator.execute(
            "insert into public.staff_invitations (email, role, full_name) values (%s, 'observer', 'Гость')"
            " returning private.link_token('invitation', id)",
            [email],
        ).fetchone()
    assert row
    return {"invitation": row[0]}


def test_i7_without_an_invitation_nobody_gets_in(auth: httpx.Client, service: httpx.Client) -> None:
    uninvited = {"email": "stranger@elsewhere.test", "password": "stranger-password-1"}
    for refused in (auth.post("/signup", json=uninvited), service.post("/admin/users", json=uninvited)):
        assert (refused.status_code, refused.json()["message"]) == (404, "invitation_unknown")
    assert sign_in(auth, **uninvited).status_code == 400
    found = service.get("/admin/users?per_page=1000").json()["users"]
    assert uninvited["email"] not in {user["email"] for user in found}


def test_i8_a_person_with_chats_is_not_deleted_at_auth_either(service: httpx.Client) -> None:
    found = service.get("/admin/users?per_page=1000").json()["users"]
    (needed,) = (user for user in found if user["email"] == DEMO["email"])
    refused = service.delete(f"/admin/users/{needed['id']}")
    assert (refused.status_code, refused.json()["message"]) == (409, "person_is_needed")
    assert "ООО Ромашка" in refused.json()["detail"]


def test_a_banned_person_cannot_sign_in(auth: httpx.Client, service: httpx.Client, stack: Stack) -> None:
    credentials = {"email": "guest@elsewhere.test", "password": "guest-password-1"}
    body = {**credentials, "user_metadata": invitation(stack, credentials["email"]), "email_confirm": True}
    user = service.post("/admin/users", json=body).json()
    try:
        assert sign_in(auth, **credentials).status_code == 200
        assert service.put(f"/admin/users/{user['id']}", json={"ban_duration": "24h"}).json()["banned_until"]
        assert sign_in(auth, **credentials).json()["error_code"] == "user_banned"
    finally:
        assert service.delete(f"/admin/users/{user['id']}").status_code == 200
    assert service.get(f"/admin/users/{user['id']}").status_code == 404


def test_a_recovery_mail_can_be_read_by_tests(auth: httpx.Client, stack: Stack) -> None:
    mailbox = f"{stack.urls['auth']}/_mail?to=observer@buhbot.test"
    assert auth.post("/recover", json={"email": "observer@buhbot.test"}).status_code == 200
    assert len(httpx.get(mailbox).json()) == 1
    httpx.delete(mailbox)
    assert httpx.get(mailbox).json() == []
