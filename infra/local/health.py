"""Whether a part answers: one cheap question each, never raising and never waiting longer than a second."""

import socket
import urllib.error
import urllib.request
from http.client import HTTPException

# Loopback only: a proxy from the environment has no business here.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with _opener.open(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, HTTPException):
        return False


def redis(port: int) -> bool:
    """Whether the server takes commands; while it still reads its log it says LOADING."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def postgres(port: int) -> bool:
    """Whether the server takes connections."""
    import psycopg  # noqa: PLC0415 (0.2 s that the start of the other parts need not wait for)

    try:
        with psycopg.connect(f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres", connect_timeout=1):
            return True
    except psycopg.OperationalError:
        return False
