"""Reads a method call out of the webhook's own answer, which Telegram allows in place of a second request."""

import json
from typing import Any

import aiohttp

Files = dict[str, tuple[str, bytes]]


async def read_parts(reader: aiohttp.MultipartReader) -> tuple[dict[str, Any], Files]:
    """Split a multipart body into plain fields and files (name and content)."""
    fields: dict[str, Any] = {}
    files: Files = {}
    async for part in reader:
        if not isinstance(part, aiohttp.BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read(decode=True))
        if part.filename:
            files[part.name] = (part.filename, content)
        else:
            fields[part.name] = content.decode()
    return fields, files


async def embedded_call(response: aiohttp.ClientResponse) -> tuple[dict[str, Any], Files] | None:
    """Return the fields (with `method`) and files of the call, if the answer holds one."""
    fields: Any = None
    files: Files = {}
    if response.content_type.startswith("multipart/"):
        fields, files = await read_parts(aiohttp.MultipartReader.from_response(response).stream)
    elif response.content_type == "application/json":
        try:
            fields = json.loads(await response.read() or b"null")
        except ValueError:
            return None
    return (fields, files) if isinstance(fields, dict) and fields.get("method") else None
