"""Tokens and keys that an attacker makes, at every door that takes one: the API, Auth and the bot's files (I2, I4)."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from infra.local import keys
from tests.admin.firm import Firm
from tests.attack.victim import Victim
from tests.stack import Stack

# What is in Supabase's own examples, and what people choose.
GUESSES = ("super-secret-jwt-token-with-at-least-32-characters-long", "secret", "", "your-256-bit-secret", "postgres")
CLAIMS = ("authenticated", "service_role", "supabase_admin", "postgres", "authenticator")
Forgery = tuple[str, str]
"""How it was made, and the token."""


@pytest.fixture(scope="module")
def gateway(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.env["SUPABASE_URL"], headers={"apikey": stack.env["SUPABASE_ANON_KEY"]}) as made:
        yield made


def good(gateway: httpx.Client) -> str:
    """A token that Auth gave to an accountant."""
    body = {"email": "accountant@buhbot.test", "password": "buhbot-demo-2026"}
    return str(gateway.post("/auth/v1/token?grant_type=password", json=body).json()["access_token"])


def encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def by_hand(head: dict[str, Any], body: dict[str, Any], secret: bytes | None) -> str:
    text = f"{encoded(head)}.{encoded(body)}"
    sign = b"" if secret is None else hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{urlsafe_b64encode(sign).rstrip(b'=').decode()}"


def forgeries(stack: Stack, gateway: httpx.Client) -> Iterator[Forgery]:
    token = good(gateway)
    head, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    start, middle, sign = token.split(".")
    published = gateway.get("/auth/v1/.well-known/jwks.json").json()["keys"][0]
    secrets = [*(guess.encode() for guess in GUESSES), stack.env["SUPABASE_ANON_KEY"].encode()]
    secrets += [json.dumps(published).encode(), urlsafe_b64decode(published["x"] + "=="), published["kid"].encode()]
    for role in CLAIMS:
        body = {**claims, "role": role, "exp": int(time.time()) + 3600}
        yield from ((f"{name} as {role}", by_hand({**head, "alg": name}, body, None)) for name in ("none", "None", ""))
        for number, secret in enumerate(secrets):
            yield f"guess {number} as {role}", by_hand({"alg": "HS256", "typ": "JWT"}, body, secret)
            yield f"guess {number} under the key's name as {role}", by_hand({**head, "alg": "HS256"}, body, secret)
        yield f"another's body as {role}", f"{start}.{encoded(body)}.{sign}"
    yield "another person", f"{start}.{encoded({**claims, 'sub': '00000000-0000-4000-8000-000000001001'})}.{sign}"
    yield "no signature", f"{start}.{middle}."
    yield "garbage", "a.b.c"
    own = jwt.PyJWK.from_json(keys.keep(stack.home).signing_key)
    for late in ({"exp": int(time.time()) - 3600}, {"nbf": int(time.time()) + 3600}):
        yield (
            f"signed, {late}",
            jwt.encode({**claims, **late}, own.key, algorithm="ES256", headers={"kid": head["kid"]}),
        )


def doors(stack: Stack, firm_chat: str) -> list[tuple[str, str, dict[str, str]]]:
    api, auth, bot = (f"{stack.env['SUPABASE_URL']}/{part}" for part in ("rest/v1", "auth/v1", ""))
    bot = stack.env["BOT_URL"]
    return [
        *(
            ("GET", f"{api}/users?select=*", {"Accept-Profile": schema})
            for schema in ("api", "public", "private", "auth")
        ),
        *(("POST", f"{api}/rpc/set_role", {"Content-Profile": schema}) for schema in ("api", "public", "private")),
        ("PATCH", f"{api}/users?email=eq.accountant@buhbot.test", {}),
        ("GET", f"{auth}/user", {}),
        ("GET", f"{auth}/admin/users", {}),
        ("GET", f"{bot}/files/{firm_chat}", {}),
    ]


def test_i2_no_forged_token_opens_any_door(stack: Stack, gateway: httpx.Client, victim: Victim) -> None:
    chat = f"{victim.holes['chat_id:int']}/{victim.holes['message_id:int']}"
    for how, token in forgeries(stack, gateway):
        for method, address, more in doors(stack, chat):
            headers = {"authorization": f"Bearer {token}", **more}
            answer = gateway.request(
                method, address, headers=headers, json={"role": "admin"} if method != "GET" else None
            )
            assert answer.status_code in {400, 401, 403, 404, 406}, (how, method, address, answer.text)
            assert "buhbot.test" not in answer.text, how


def test_i2_no_forged_token_is_a_key(stack: Stack, gateway: httpx.Client) -> None:
    guesses = [token for _, token in forgeries(stack, gateway)]
    for key in (*guesses, "sb_secret_", "service_role", f"{stack.env['SUPABASE_ANON_KEY']}, x", "", "*", "null", "[]"):
        for path in ("/rest/v1/users", "/auth/v1/admin/users", "/rest/v1/rpc/claim_due"):
            assert gateway.get(path, headers={"apikey": key}).status_code == 401, key


def test_i4_a_persons_token_reaches_one_schema_and_no_plans_sums_or_other_formats(gateway: httpx.Client) -> None:
    as_person = {"authorization": f"Bearer {good(gateway)}"}
    for schema in (
        "public",
        "private",
        "auth",
        "pg_catalog",
        "information_schema",
        "storage",
        "extensions",
        "api,public",
    ):
        for name in ("Accept-Profile", "Content-Profile"):
            for method, path in (("GET", "users"), ("POST", "rpc/role"), ("PATCH", "users"), ("DELETE", "users")):
                told = gateway.request(method, f"/rest/v1/{path}", headers={**as_person, name: schema})
                # PostgREST reads one of the two headers, by the verb; the other leaves schema `api`.
                is_read = (name == "Accept-Profile") == (method == "GET")
                assert told.status_code == 406 if is_read else told.status_code in {200, 400, 403, 404}, (schema, path)
    for kind in ("json", "text"):
        plan = {"accept": f"application/vnd.pgrst.plan+{kind}; options=analyze|verbose|settings"}
        assert gateway.get("/rest/v1/users", headers={**as_person, **plan}).status_code in {406, 415}
    assert gateway.get("/rest/v1/users?select=count()", headers=as_person).status_code == 400


def test_i4_nobody_is_told_what_there_is(gateway: httpx.Client) -> None:
    """The description that PostgREST offers to everybody names only what the asker may use."""
    assert [*gateway.get("/rest/v1/").json().get("paths", {"/": {}})] == ["/"]


def test_i2_what_people_say_of_themselves_at_auth_is_no_right(gateway: httpx.Client, firm: Firm) -> None:
    person = firm.hire("accountant")
    sign_in = {"email": person.email, "password": person.password}
    start = gateway.post("/auth/v1/token?grant_type=password", json=sign_in).json()
    as_person = {"authorization": f"Bearer {start['access_token']}"}
    wished = {"role": "service_role", "app_metadata": {"role": "admin"}, "user_metadata": {"role": "admin"}}
    for body in ({**wished, "data": {"role": "admin", "is_admin": True}}, {"is_super_admin": True}, {"aal": "aal2"}):
        gateway.put("/auth/v1/user", json=body, headers=as_person)
    told = gateway.post(
        "/auth/v1/token?grant_type=refresh_token", json={"refresh_token": start["refresh_token"]}
    ).json()
    claims = jwt.decode(told["access_token"], options={"verify_signature": False})
    assert (claims["role"], claims["app_metadata"].get("role")) == ("authenticated", None)
    assert firm.role_of(person) == ("accountant", True)
    as_person = {"authorization": f"Bearer {told['access_token']}"}
    assert gateway.get("/rest/v1/team", headers=as_person).json() == []
    assert gateway.get("/auth/v1/admin/users", headers=as_person).status_code in {401, 403}
