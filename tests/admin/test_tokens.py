"""Access tokens against keys that a real server publishes."""

import asyncio
import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from admin.tokens import AuthUnavailable, BadToken, Verifier

PERSON = "00000000-0000-4000-8000-000000001003"


class Publisher:
    """Two keys, and the server that publishes some of them."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {kid: ec.generate_private_key(ec.SECP256R1()) for kid in ("first", "second")}
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.published = ["first"]
        self.asked = 0
        self.is_down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}/auth/v1"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(self, kid: str = "first", *, key: Any = None, algorithm: str = "ES256", **claims: Any) -> str:
        """Sign a token; a claim of None is left out."""
        body = {"sub": PERSON, "aud": "authenticated", "iss": self.issuer, "exp": int(time.time()) + 60, **claims}
        kept = {name: value for name, value in body.items() if value is not None}
        return jwt.encode(kept, self.keys[kid] if key is None else key, algorithm=algorithm, headers={"kid": kid})

    def _jwks(self) -> bytes:
        keys = [
            {**ECAlgorithm.to_jwk(self.keys[kid].public_key(), as_dict=True), "kid": kid, "alg": "ES256"}
            for kid in self.published
        ]
        keys.append({**RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True), "kid": "rsa", "alg": "RS256"})
        return json.dumps({"keys": [*keys, {"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2hhcmVk"}]}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(503 if publisher.is_down else 200)
                self.end_headers()
                self.wfile.write(publisher._jwks())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its parent's name)
                """Say nothing."""

        return Handler


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    yield made
    made.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def test_a_good_token_is_a_person(publisher: Publisher, http: httpx.AsyncClient) -> None:
    claims = await Verifier(publisher.issuer, http).verify(publisher.token())
    assert str(claims.sub) == PERSON


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 1},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"aud": "anon"},
        {"aud": None},
        {"iss": "https://other.example/auth/v1"},
        {"iss": None},
        {"sub": None},
        {"sub": "root"},
        {"kid": "second"},
        {"key": "s" * 40, "algorithm": "HS256"},
        {"key": "s" * 40, "algorithm": "HS256", "kid": "shared"},
        {"key": "", "algorithm": "none"},
    ],
)
async def test_a_bad_token_is_refused(publisher: Publisher, http: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        await Verifier(publisher.issuer, http).verify(publisher.token(**wrong))


@pytest.mark.parametrize("garbage", ["", "a.b.c", "a" * 5000, "é.é.é"])
async def test_garbage_is_refused(publisher: Publisher, http: httpx.AsyncClient, garbage: str) -> None:
    with pytest.raises(BadToken):
        await Verifier(publisher.issuer, http).verify(garbage)


async def test_a_new_key_needs_no_restart(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http, min_refetch=0)
    await verifier.verify(publisher.token())
    publisher.published.append("second")
    await verifier.verify(publisher.token("second"))
    assert publisher.asked == 2


async def test_unknown_keys_cannot_make_us_hammer_auth(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http)
    for _ in range(20):
        with pytest.raises(BadToken):
            await verifier.verify(publisher.token("second"))
    assert publisher.asked == 1


async def test_old_keys_stay_good_while_auth_is_down(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http, ttl=0)
    await verifier.verify(publisher.token())
    publisher.is_down = True
    await verifier.verify(publisher.token())


async def test_without_any_key_nobody_can_tell(publisher: Publisher, http: httpx.AsyncClient) -> None:
    publisher.is_down = True
    with pytest.raises(AuthUnavailable):
        await Verifier(publisher.issuer, http).verify(publisher.token())


SHARED = "only-for-this-test-" * 3


def forged(head: dict[str, Any], body: dict[str, Any], secret: bytes) -> str:
    """Sign by hand, as an attacker does: the library refuses to use a public key as a shared secret."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, body)]
    signature = hmac.new(secret, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


async def test_a_token_of_an_rsa_key_is_a_person(publisher: Publisher, http: httpx.AsyncClient) -> None:
    token = publisher.token(key=publisher.rsa, algorithm="RS256", kid="rsa")
    assert str((await Verifier(publisher.issuer, http).verify(token)).sub) == PERSON


@pytest.mark.parametrize("configured", [None, SHARED])
@pytest.mark.parametrize("kid", ["rsa", "first"])
async def test_a_public_key_is_nobodys_shared_secret(
    publisher: Publisher, http: httpx.AsyncClient, configured: str | None, kid: str
) -> None:
    """RS256 or ES256 turned into HS256 and signed with what everybody may read."""
    public = (publisher.rsa if kid == "rsa" else publisher.keys[kid]).public_key()
    encodings = [(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)]
    body = jwt.decode(publisher.token(), options={"verify_signature": False})
    verifier = Verifier(publisher.issuer, http, shared_secret=configured)
    for encoding, kind in encodings:
        token = forged({"alg": "HS256", "typ": "JWT", "kid": kid}, body, public.public_bytes(encoding, kind))
        with pytest.raises(BadToken):
            await verifier.verify(token)


async def test_an_algorithm_of_another_key_is_refused(publisher: Publisher, http: httpx.AsyncClient) -> None:
    with pytest.raises(BadToken):
        await Verifier(publisher.issuer, http).verify(publisher.token(key=publisher.rsa, algorithm="RS256"))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_an_unsigned_token_is_refused(publisher: Publisher, http: httpx.AsyncClient, name: str) -> None:
    body = jwt.decode(publisher.token(), options={"verify_signature": False})
    for secret in (None, SHARED):
        verifier = Verifier(publisher.issuer, http, shared_secret=secret)
        for end in ("", "AAAA"):
            token = forged({"alg": name, "typ": "JWT", "kid": "first"}, body, b"").rpartition(".")[0] + "." + end
            with pytest.raises(BadToken):
                await verifier.verify(token)


async def test_a_shared_secret_counts_only_when_configured(publisher: Publisher, http: httpx.AsyncClient) -> None:
    token = publisher.token(key=SHARED, algorithm="HS256")
    with pytest.raises(BadToken):
        await Verifier(publisher.issuer, http).verify(token)
    with pytest.raises(BadToken):
        await Verifier(publisher.issuer, http, shared_secret=SHARED[::-1]).verify(token)
    claims = await Verifier(publisher.issuer, http, shared_secret=SHARED).verify(token)
    assert (str(claims.sub), publisher.asked) == (PERSON, 0)


async def test_beside_a_shared_secret_published_keys_count_too(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http, shared_secret=SHARED)
    assert str((await verifier.verify(publisher.token())).sub) == PERSON
    for wrong in ({"exp": 1}, {"aud": "anon"}, {"iss": "https://other.example/auth/v1"}, {"sub": None}):
        with pytest.raises(BadToken):
            await verifier.verify(publisher.token(key=SHARED, algorithm="HS256", **wrong))


async def test_a_withdrawn_key_is_forgotten(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http, ttl=0, min_refetch=0)
    await verifier.verify(publisher.token())
    publisher.published[:] = ["second"]
    await verifier.verify(publisher.token("second"))
    with pytest.raises(BadToken):
        await verifier.verify(publisher.token())


async def test_many_unknown_keys_at_once_ask_once(publisher: Publisher, http: httpx.AsyncClient) -> None:
    verifier = Verifier(publisher.issuer, http)
    tokens = [publisher.token(key=publisher.keys["first"], kid=f"guess-{number}") for number in range(50)]
    found = await asyncio.gather(*(verifier.verify(token) for token in tokens), return_exceptions=True)
    assert ({type(error) for error in found}, publisher.asked) == ({BadToken}, 1)
