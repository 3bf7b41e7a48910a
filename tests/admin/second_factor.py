"""An Auth server with second factors, as hosted ones have: the stack's own, with what it lacks put in front.

It refuses what the real one refuses: wrong and old codes, foreign and spent challenges, and, from a login that has not
shown an existing factor, a change of password, another factor and giving one up.
"""

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt

Answer = tuple[int, Any]
Factor = dict[str, Any]


def code_of(secret: str, at: float | None = None) -> str:
    """RFC 6238, as an authenticator app counts."""
    step = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(base64.b32decode(secret), step, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


class FactorAuth:
    """Passes on what it does not know; people's tokens are signed anew, with its own address as issuer."""

    def __init__(self, gateway: str, signing_key: str) -> None:
        self._gateway, self._key = gateway, json.loads(signing_key)
        self.factors: dict[str, list[Factor]] = {}
        self._challenges: dict[str, str] = {}
        self._levels: dict[str, str] = {}
        self._refresh_tokens: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        plain, parts = path.partition("?")[0], path.partition("?")[0].removeprefix("/auth/v1/").split("/")
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if parts[0] == "factors":
            return self._factor(method, parts[1:], json.loads(body or b"{}"), token)
        if (
            (method, plain) == ("PUT", "/auth/v1/user")
            and self._verified(token)
            and self._claims(token)["aal"] != "aal2"
        ):
            return self._refuse(401, "insufficient_aal")
        return self._passed_on(method, path, headers, body)

    def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        own = {
            name: headers[name] for name in headers.keys() - {"host", "content-length", "connection", "accept-encoding"}
        }
        answer = httpx.request(method, self._gateway + path, headers=own, content=body, timeout=20)
        found = answer.json() if "json" in answer.headers.get("content-type", "") else None
        if isinstance(found, dict) and "access_token" in found:
            return answer.status_code, self._given(found)
        if path.startswith("/auth/v1/user") and isinstance(found, dict) and "id" in found:
            found["factors"] = [self._shown(factor) for factor in self.factors.get(found["id"], [])]
        return answer.status_code, found

    def _given(self, found: dict[str, Any]) -> dict[str, Any]:
        claims = self._claims(found["access_token"])
        session = claims["session_id"]
        claims |= {"iss": f"{self.url}/auth/v1", "aal": self._levels.get(session, "aal1")}
        key = jwt.PyJWK({**self._key, "key_ops": ["sign"]}).key
        found["access_token"] = jwt.encode(claims, key, algorithm="ES256", headers={"kid": self._key["kid"]})
        user = found.get("user") or {}
        user["factors"] = [self._shown(factor) for factor in self.factors.get(claims["sub"], [])]
        self._refresh_tokens[session] = found["refresh_token"]
        return {**found, "user": user}

    def _factor(self, method: str, parts: list[str], body: dict[str, Any], token: str) -> Answer:
        claims = self._claims(token)
        if not claims:
            return self._refuse(401, "no_authorization")
        if not parts:
            return self._enrol(claims, body, token)
        factor = next((one for one in self.factors.get(claims["sub"], []) if one["id"] == parts[0]), None)
        if factor is None:
            return self._refuse(404, "mfa_factor_not_found")
        if method == "DELETE":
            return self._drop(factor, claims)
        if parts[1] == "challenge":
            challenge = secrets.token_hex(8)
            self._challenges[challenge] = factor["id"]
            return 200, {"id": challenge, "type": "totp", "expires_at": int(time.time()) + 300}
        return self._verify(factor, body, token)

    def _drop(self, factor: Factor, claims: dict[str, Any]) -> Answer:
        if factor["status"] == "verified" and claims["aal"] != "aal2":
            return self._refuse(422, "insufficient_aal")
        self.factors[claims["sub"]].remove(factor)
        return 200, {"id": factor["id"]}

    def _enrol(self, claims: dict[str, Any], body: dict[str, Any], token: str) -> Answer:
        if body.get("factor_type") != "totp":
            return self._refuse(400, "validation_failed")
        if self._verified(token) and claims["aal"] != "aal2":
            return self._refuse(403, "insufficient_aal")
        secret = base64.b32encode(secrets.token_bytes(20)).decode()
        factor = {"id": secrets.token_hex(16), "status": "unverified", "factor_type": "totp", "secret": secret}
        self.factors.setdefault(claims["sub"], []).append(factor)
        picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3h-3zM5 5h3v3h-3z"/></svg>'
        return 200, {**self._shown(factor), "type": "totp", "totp": {"qr_code": picture, "secret": secret, "uri": ""}}

    def _verify(self, factor: Factor, body: dict[str, Any], token: str) -> Answer:
        # A challenge is good for one success; codes of the step before and after pass, as clocks differ.
        if self._challenges.get(body.get("challenge_id", "")) != factor["id"]:
            return self._refuse(404, "mfa_factor_not_found")
        now = time.time()
        if body.get("code") not in {code_of(factor["secret"], now + lag) for lag in (-30, 0, 30)}:
            return self._refuse(422, "mfa_verification_failed")
        del self._challenges[body["challenge_id"]]
        factor["status"] = "verified"
        session = self._claims(token)["session_id"]
        self._levels[session] = "aal2"
        return 200, self._given({"access_token": token, "refresh_token": self._refresh_tokens[session]})

    def _verified(self, token: str) -> bool:
        person = self._claims(token).get("sub", "")
        return any(factor["status"] == "verified" for factor in self.factors.get(person, []))

    @staticmethod
    def _claims(token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return {}

    @staticmethod
    def _shown(factor: Factor) -> Factor:
        return {name: factor[name] for name in ("id", "status", "factor_type")}

    @staticmethod
    def _refuse(status: int, code: str) -> Answer:
        return status, {"code": status, "error_code": code, "msg": code}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer: Callable[..., Answer] = self.answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, found = answer(self.command, self.path, headers, body)
                said = b"" if found is None else json.dumps(found).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _any  # noqa: N815 (its parent looks for these names)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its parent's name)
                """Say nothing."""

        return Handler
