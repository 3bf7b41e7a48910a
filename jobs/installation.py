"""Looks at what no part of BuhBot owns: certificates and the disk. What that means is decided in the database."""

import shutil
import time
from collections.abc import Iterable
from typing import Any

import structlog
from prometheus_client import Gauge

from infra import certificates, masking
from infra.certificates import Certificate
from jobs.connections import Connections

# A renewed certificate shows within the hour; to ask more often would tell nothing new.
CERTIFICATES_SECONDS = 3600

expires = Gauge("buhbot_certificate_expiry_timestamp_seconds", "When visitors stop taking the certificate.", ["host"])
free = Gauge("buhbot_disk_free_ratio", "Free share of the disk that this process runs on; in a container, its host's.")

log = structlog.get_logger()


class Installation:
    """What was seen of the public addresses, and of the disk."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._urls = {url for url in urls if url.startswith("https://")}
        self._found: dict[str, dict[str, Any]] = {}
        self._look_again_at = 0.0

    async def look(self) -> dict[str, Any]:
        """Return facts as `private.installation_findings` takes them."""
        if time.monotonic() >= self._look_again_at:
            self._look_again_at = time.monotonic() + CERTIFICATES_SECONDS
            for url in self._urls:
                await self._look_at(url)
        disk = shutil.disk_usage("/")
        free.set(disk.free / disk.total)
        return {"certificates": self._found, "disk": {"free_percent": 100 * disk.free // disk.total}}

    async def _look_at(self, url: str) -> None:
        """Note what is said of a certificate; one that cannot be seen just now is as it was."""
        try:
            seen = await certificates.look(url)
        except OSError as error:
            log.warning("certificate_not_seen", reason=type(error).__name__)
            return
        self._found[seen.host] = _told(seen)
        expires.labels(seen.host).set(seen.expires_at.timestamp() if seen.expires_at else 0)


def _told(seen: Certificate) -> dict[str, Any]:
    fault = masking.sentence(seen.fault) if seen.fault else None
    return {"expires_at": seen.expires_at and seen.expires_at.isoformat(), "fault": fault}


async def tell(connections: Connections) -> None:
    """Have the admins told of what is wrong by now; several processes may ask, each thing is told once."""
    if owed := await connections.database.call("tell_operators"):
        log.warning("operators_told", notices=owed)
