"""Asks the process of this container how it is: `python -m infra.probe PORT…`, the ports of all that may run here.

One image holds three processes and one health check, so whichever listens is asked. Ends well when somebody listens and
everybody who does says 200; otherwise ends with what was wrong, which `docker inspect` shows.
"""

import http.client
import sys


def answer_at(port: int) -> int | None:
    """Return the status of `/health`; none where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except ConnectionRefusedError:
        return None
    finally:
        connection.close()


def main(ports: list[int]) -> None:
    """Ask, and end the process accordingly."""
    found = {port: status for port in ports if (status := answer_at(port)) is not None}
    if not found or set(found.values()) != {http.HTTPStatus.OK}:
        sys.exit(f"unwell: {found or 'nobody listens'}")


if __name__ == "__main__":
    main([int(port) for port in sys.argv[1:]])
