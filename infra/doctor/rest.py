"""Supabase as the processes see it: that it answers, serves `api` and nothing else, and signs with a key pair."""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from infra.doctor.finding import Finding
from infra.supabase import Database, Refused, Unavailable

_ERRORS = (httpx.HTTPError, OSError, ValueError)


class Supabase:
    """A project, asked with one of its keys; a call returns the status and the body, whatever they are."""

    def __init__(self, http: httpx.AsyncClient, url: str, key: str) -> None:
        self._http, self._url, self._key = http, url.rstrip("/"), key

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Raises `httpx.HTTPError` when nobody answers."""
        own = {"apikey": self._key, "authorization": f"Bearer {self._key}", **headers}
        answer = await self._http.get(f"{self._url}/{path}", headers=own)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None


async def of_service(database: Database) -> AsyncIterator[Finding]:
    """Yield that the service is not let in, else what of the firm is not well."""
    try:
        await database.ping()
        found: Any = await database.call("firm_health")
    except Unavailable:
        mend = "check SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY; at the provider, look whether the project is paused"
        yield Finding("supabase", "it does not answer the service", mend)
    except Refused as refusal:
        mend = "apply the migrations with `supabase db push`, and serve the schema api"
        yield Finding("supabase", f"it refuses the service ({refusal.code})", mend)
    else:
        for one in (one for one in found if one["state"] == "red"):
            check, mend = (one[name].replace("_", " ") for name in ("check", "fix"))
            yield Finding("firm", f"{check} is red", f"{mend}; /system says it in words")


async def of_doors(service: Supabase, public: Supabase) -> AsyncIterator[Finding]:
    """Yield doors that stand open."""
    status, _ = await service.get("rest/v1/users?limit=1", **{"accept-profile": "public"})
    if status < httpx.codes.BAD_REQUEST:
        mend = "let pgrst.db_schemas be api and nothing else (README, «A hosted Supabase»)"
        yield Finding("supabase", "the schema public is served", mend)
    status, body = await public.get("rest/v1/settings?select=id", **{"accept-profile": "api"})
    if status < httpx.codes.BAD_REQUEST:
        mend = "give the admin the public key, never the service's; else `make matrix` shows what anon was granted"
        yield Finding("supabase", "SUPABASE_ANON_KEY reads rows without anybody signed in", mend)
    elif not (isinstance(body, dict) and body.get("code")):
        # Whom PostgREST itself refuses has come past the gateway, and is told a code.
        mend = "take it from the dashboard, API keys; a new one needs another deployment"
        yield Finding("supabase", "SUPABASE_ANON_KEY is no key of this project, so nobody can sign in", mend)
    asked = {"accept-profile": "api", "prefer": "count=planned"}
    status, _ = await service.get("rest/v1/settings?select=id", **asked)
    if status < httpx.codes.BAD_REQUEST:
        mend = "name private.check_request as PostgREST's db-pre-request (README, «A hosted Supabase»)"
        yield Finding("supabase", "guessed counts are answered, so strangers' rows can be guessed", mend)


async def of_keys(public: Supabase, *, has_secret: bool) -> AsyncIterator[Finding]:
    """Yield that people's tokens cannot be checked; `has_secret` says that the admin was given a shared one."""
    status, body = await public.get("auth/v1/.well-known/jwks.json")
    if status != httpx.codes.OK or not isinstance(body, dict):
        yield Finding("supabase", "Auth does not tell its keys", "check SUPABASE_URL; self-hosted: start Auth")
    elif not has_secret and not any(key.get("kty") in {"EC", "RSA", "OKP"} for key in body.get("keys", ())):
        mend = "dashboard, JWT keys: move the project to asymmetric ones, or give the admin SUPABASE_JWT_SECRET"
        yield Finding("supabase", "people's tokens are signed with a shared secret, so nobody can sign in", mend)
