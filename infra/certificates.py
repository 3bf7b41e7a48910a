"""How long the certificate of an address is good for, as a visitor sees it."""

import asyncio
import ssl
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

SECONDS = 5


class Certificate(NamedTuple):
    """Of a host: until when visitors take it, or the reason why they do not."""

    host: str
    expires_at: datetime | None = None
    fault: str | None = None


async def look(url: str) -> Certificate:
    """Look at an https address; raises `OSError` when nobody speaks TLS there."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 443
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return Certificate(host, fault=error.verify_message)
    told = writer.get_extra_info("peercert")
    # Without the farewell: some servers keep whoever says it waiting.
    writer.transport.abort()
    return Certificate(host, datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC))
