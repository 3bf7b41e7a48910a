"""The one door to Supabase's REST interface: schema `api`, as the service or as a signed-in person."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from typing import Any
from urllib.request import getproxies

import aiohttp
import httpx
import msgspec
import structlog
from httpx_aiohttp import AiohttpTransport
from postgrest import APIError, AsyncPostgrestClient
from postgrest.exceptions import APIErrorFromJSON, generate_default_error_message
from postgrest.types import JSON
from pydantic import ValidationError

# SQLSTATE classes and PostgREST codes that say "not now" rather than "no": connection, rollback, resources, operator.
_PASSING = ("08", "40", "53", "55", "57", "58", "PGRST00", "502", "503", "504")


class Refused(Exception):  # noqa: N818 (reads as what happened)
    """The database said no: `key` is the reason it gave, `code` its SQLSTATE (`PTxxx` carries an HTTP status).

    `detail` is what a few reasons are about, such as the name of the survey that is in the way.
    """

    def __init__(self, key: str, code: str, detail: str = "") -> None:
        super().__init__(key)
        self.key, self.code, self.detail = key, code, detail

    @property
    def is_of_rights(self) -> bool:
        """Assert that it was who asked, and not what was asked."""
        return self.code in {"42501", "PT403"}


class Unavailable(Exception):  # noqa: N818
    """The database could not be asked just now; the same call may go through later."""


class Http(httpx.AsyncClient):
    """The HTTP client that a process shares between all calls, and the `session` below it.

    What is called most goes to the session straight: httpx takes three times as long as all the rest of a call.
    """

    def __init__(self, seconds: float) -> None:
        authorities = httpx.create_ssl_context()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=50, ssl=authorities, keepalive_timeout=5),
            timeout=aiohttp.ClientTimeout(connect=seconds, sock_connect=seconds, sock_read=seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            # To look for a proxy takes a thread each time.
            trust_env=bool(getproxies()),
        )
        super().__init__(transport=AiohttpTransport(verify=authorities, client=self.session), timeout=seconds)


def open_http(seconds: float = 5) -> Http:
    """Return the HTTP client of a process; whoever opens it closes it. `seconds` is how long a call may take."""
    return Http(seconds)


class Database:
    """Schema `api` as one identity. Cheap: make one per request on the shared HTTP client.

    Functions are called here; views are read through postgrest-py, which knows how filters are written. Both raise
    `Refused` or `Unavailable`, and carry what the audit log keeps of their origin: the id of the request that is being
    served, as in our log, and the `address` of whoever asks. `on_refusal` hears of each refusal, whatever becomes of it
    further up, and `on_call` of each function that was run.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        api_key: str,
        token: str | None = None,
        *,
        address: str | None = None,
        on_refusal: Callable[[Refused], None] = lambda _: None,
        on_call: Callable[[str], None] = lambda _: None,
    ) -> None:
        # New `sb_*` keys are no JWTs: the gateway turns the apikey header into a role when no person's token is sent.
        headers = {"apikey": api_key, "Authorization": f"Bearer {token or api_key}"}
        if address:
            headers["X-Client-Address"] = address
        self._http, self._on_refusal, self._on_call = http, on_refusal, on_call
        rest = f"{url.rstrip('/')}/rest/v1"
        self._functions = f"{rest}/rpc/"
        # No retries of the library's: they take seven seconds, and whoever asks knows better whether it is worth it.
        self._rest = AsyncPostgrestClient(rest, schema="api", headers=headers, http_client=http, retry_enabled=False)
        self._headers = dict(self._rest.headers)

    def over(self, http: Http) -> "Database":
        """Return the same identity on another HTTP client, such as one that waits longer."""
        other = copy(self)
        other._http = http  # noqa: SLF001 (our own)
        other._rest = copy(self._rest)  # noqa: SLF001
        other._rest.session = http  # noqa: SLF001
        return other

    async def call(self, function: str, **arguments: Any) -> JSON:
        """Run a function of `api` and return what it returned."""
        return await self._run(function, arguments, "application/json")

    async def hand_over(self, function: str, document: JSON) -> JSON:
        """Run a function of `api` whose one argument is a document as text: nobody on the way has to read it."""
        return await self._run(function, document, "text/plain")

    async def read(
        self,
        view: str,
        columns: str = "*",
        *,
        order: str | None = None,
        descending: bool = False,
        nulls_first: bool = False,
        limit: int | None = None,
        **equal: Any,
    ) -> JSON:
        """Return rows of a view; `equal` filters by column (a tuple: any of it), `order` names columns (`a,b`)."""
        query = self._rest.from_(view).select(columns)
        for column, value in equal.items():
            query = query.in_(column, value) if isinstance(value, tuple) else query.eq(column, value)
        for column in order.split(",") if order else ():
            query = query.order(column, desc=descending, nullsfirst=nulls_first)
        if limit:
            query = query.limit(limit)
        return await self._answer(self._found(query))

    async def ping(self) -> None:
        """Return when the database answers."""
        await self.read("settings", "id", limit=1)

    async def _run(self, function: str, body: object, content_type: str) -> JSON:
        answer = await self._answer(self._called(function, _JSON.encode(body), content_type))
        self._on_call(function)
        return answer

    async def _called(self, function: str, content: bytes, content_type: str) -> JSON:
        # Without the library's builder: to build a call and read its answer takes it as long as all the rest of both.
        async with self._http.session.post(
            f"{self._functions}{function}",
            data=content,
            headers={**self._headers, "Content-Type": content_type, **_origin()},
            allow_redirects=False,
        ) as response:
            said = await response.read()
        if httpx.codes.is_success(response.status):
            return msgspec.json.decode(said) if said else None
        try:
            error = dict(APIErrorFromJSON.model_validate_json(said))
        except ValidationError:
            error = generate_default_error_message(httpx.Response(response.status, content=said))
        raise APIError(error)

    async def _found(self, query: Any) -> JSON:
        query.request.headers.update(_origin())
        return (await query.execute()).data  # type: ignore[no-any-return]

    async def _answer(self, asking: Awaitable[JSON]) -> JSON:
        try:
            return await asking
        except APIError as error:
            code = str(error.code or "")
            # Without a code it was not PostgREST that spoke, but a gateway with nobody behind it.
            if not code or code.startswith(_PASSING):
                raise Unavailable(code) from error
            refusal = Refused(error.message or code, code, error.details or "")
            self._on_refusal(refusal)
            raise refusal from error
        except (httpx.HTTPError, aiohttp.ClientError) as error:
            raise Unavailable(type(error).__name__) from error


def _plain(value: object) -> object:
    """Return what a value is to JSON whose type only builds on one of JSON's."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


_JSON = msgspec.json.Encoder(enc_hook=_plain)


def _origin() -> dict[str, str]:
    """Return the header that names the request that is being served, if one is."""
    number = structlog.contextvars.get_contextvars().get("request_id")
    return {"X-Request-Id": number} if number else {}
