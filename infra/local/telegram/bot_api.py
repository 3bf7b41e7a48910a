"""The Bot API over HTTP: reads a call in any of Telegram's encodings, runs it, words the answer."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import structlog
from aiohttp import web
from pydantic import ValidationError

from infra.local.telegram.errors import ApiError, ProxyError, bad_request, not_written
from infra.local.telegram.faults import suffer
from infra.local.telegram.methods.parameters import Parameters
from infra.local.telegram.methods.table import METHODS, Method
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.webhook_answer import Files, read_parts

log = structlog.get_logger()

# What faults call the download of a file: it is no method, but it fails like one.
DOWNLOAD = "download"

_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "user_id": "invalid user_id specified",
    "file_id": "file_id not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "document": "there is no document in the request",
    "photo": "there is no photo in the request",
}


def _decode(method: Method, fields: dict[str, Any]) -> Parameters:
    try:
        return method.parameters.model_validate(fields)
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if problem["type"] == "extra_forbidden":
            raise not_written(f"parameter {'.'.join(map(str, problem['loc']))} of {method.name}") from error
        if problem["type"] == "missing":
            raise bad_request(_MISSING.get(name, f"{name} is required")) from error
        raise bad_request(f"can't parse {name}: {problem['msg']}") from error


async def run(sim: Simulator, name: str, fields: dict[str, Any], files: Files) -> Any:
    """Run one call, write it down, and return Telegram's `result`."""
    method = METHODS.get(name.lower())
    # Files arrive under their own names; as a value they are referred to by attach:// or by the field's name.
    fields = {name: f"attach://{name}" for name in files if method and name in method.parameters.model_fields} | fields
    call = sim.calls.open(method.name if method else name, fields)
    try:
        if method is None:
            raise not_written(f"the method {name}")
        result = await _run_or_fail(sim, method, fields, files)
    except ApiError as error:
        call.error_code, call.description = error.code, error.description
        raise
    if isinstance(result, dict):
        call.message_id = result.get("message_id")
    return result


async def _run_or_fail(sim: Simulator, method: Method, fields: dict[str, Any], files: Files) -> Any:
    fault = sim.faults.next_for(method.name, fields)
    if fault and not fault.done:
        await suffer(fault)
    result = await method.run(sim, _decode(method, fields), files)
    if fault and fault.done:
        await suffer(fault)
    return result


async def _read(request: web.Request) -> tuple[dict[str, Any], Files]:
    fields: dict[str, Any] = dict(request.query)
    if request.content_type.startswith("multipart/"):
        parts, files = await read_parts(await request.multipart())
        return fields | parts, files
    if not request.can_read_body:
        return fields, {}
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError as error:
            raise bad_request("can't parse JSON object") from error
        if not isinstance(body, dict):
            raise bad_request("object expected")
        return fields | body, {}
    return fields | dict(await request.post()), {}


def _refusal(error: ApiError) -> web.Response:
    if isinstance(error, ProxyError):
        page = f"<html><h1>{error.code} {error.description}</h1></html>"
        return web.Response(text=page, content_type="text/html", status=error.code)
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


def _check_token(sim: Simulator, request: web.Request) -> None:
    if unquote(request.match_info["token"]) != sim.token:
        raise ApiError(401, "Unauthorized")


def routes(sim: Simulator) -> list[web.RouteDef]:
    async def call(request: web.Request) -> web.Response:
        try:
            _check_token(sim, request)
            result = await run(sim, request.match_info["method"], *await _read(request))
        except ApiError as error:
            return _refusal(error)
        except Exception:
            log.exception("bot_api_call_failed", method=request.match_info["method"])
            return _refusal(ApiError(500, HTTPStatus.INTERNAL_SERVER_ERROR.phrase))
        return web.json_response({"ok": True, "result": result})

    async def download(request: web.Request) -> web.Response:
        try:
            _check_token(sim, request)
            if fault := sim.faults.next_for(DOWNLOAD, {}):
                await suffer(fault)
        except ApiError as error:
            return _refusal(error)
        content = sim.contents.get(request.match_info["file_id"])
        if content is None:
            return _refusal(ApiError(404, "Not Found"))
        return web.Response(body=content, content_type="application/octet-stream")

    return [
        web.route("*", "/bot{token}/{method}", call),
        web.get("/file/bot{token}/files/{file_id}/{name}", download),
    ]
