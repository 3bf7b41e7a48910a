"""Deliveries side by side on kept connections. Bare sockets: what drives the load must not be what is measured."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

CONNECTIONS = 100


def post(url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a whole HTTP request."""
    target = urlsplit(url)
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.netloc}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def deliver(url: str, requests: Iterable[bytes], connections: int = CONNECTIONS) -> float:
    """Send every request once, so many at a time, and return the seconds it took. Whatever is not 200 raises."""
    target = urlsplit(url)
    opened = [await asyncio.open_connection(target.hostname, target.port) for _ in range(connections)]
    waiting = iter(requests)
    try:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for reader, writer in opened:
                group.create_task(_send(reader, writer, waiting))
        return time.perf_counter() - began
    finally:
        for _, writer in opened:
            writer.close()


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes]) -> None:
    for request in waiting:
        await send_one(reader, writer, request)


async def send_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    """Send one and read its answer, which is 200."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError(head.partition(b"\r\n")[0].decode())
    await reader.readexactly(_length(head))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
