"""The proxy before the bots."""

import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local.waiting import until
from tests.debian import program

# As in production: the copy with the fewest requests goes first; one that does not take the connection is passed over.
# No keepalive in between and one worker: the smallest machine's share.
_CONF = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 2m;
  {servers}
}}
"""
_SERVER = """
  upstream on_{port} {{ least_conn; {copies} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://on_{port}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""


@contextmanager
def running_nginx(folder: Path, servers: Mapping[int, Sequence[int]]) -> Iterator[None]:
    """Listen on each port for the copies behind it, by their ports, while the block runs."""
    told = [
        _SERVER.format(port=port, copies=" ".join(f"server 127.0.0.1:{copy} fail_timeout=1s;" for copy in copies))
        for port, copies in servers.items()
    ]
    conf = folder / "nginx.conf"
    conf.write_text(_CONF.format(folder=folder, servers="".join(told)))
    process = subprocess.Popen([program("nginx", "nginx"), "-p", str(folder), "-c", str(conf)])
    try:
        assert until(lambda: all(map(_listens, servers)), 10), (folder / "error.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
