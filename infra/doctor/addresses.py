"""Public addresses: encrypted, with a certificate that visitors take, and behind a proxy that is believed alone."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from pydantic import HttpUrl

from admin.settings import AdminSettings
from infra import certificates
from infra.doctor.finding import Finding

SOON = timedelta(days=14)
_HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})
# Wider than any provider's own network.
_NARROWEST = {4: 8, 6: 16}


def of_admin(settings: AdminSettings) -> Iterator[Finding]:
    """Yield what makes the admin believe, or give away, what it should not."""
    if not settings.is_https and settings.admin_url.host not in _HERE:
        mend = "serve it over TLS (infra/README.md, «The proxy») and set ADMIN_URL=https://…"
        yield Finding("addresses", "ADMIN_URL is plain http, so cookies are not Secure", mend)
    if settings.is_https and not settings.trusted_proxies:
        mend = "set TRUSTED_PROXIES to the address of the proxy, or all people share one count of failed sign-ins"
        yield Finding("addresses", "nobody may say whose request it passes on", mend)
    for proxy in filter(None, settings.trusted_proxies.split(",")):
        network = ip_network(proxy.strip())
        if network.prefixlen < _NARROWEST[network.version]:
            mend = "name the proxy alone: whoever is in that network may claim any address"
            yield Finding("addresses", f"TRUSTED_PROXIES has {network}", mend)


async def of_certificate(url: HttpUrl | None) -> AsyncIterator[Finding]:
    """Yield what keeps visitors from an address."""
    if url is None or (url.scheme == "http" and url.host in _HERE):
        return
    if url.scheme != "https":
        yield Finding("addresses", f"{url.host} is plain http", "Telegram takes https alone: get a certificate")
        return
    mend = "renew it by hand (infra/README.md, «The proxy»), and see why certbot does not"
    try:
        seen = await certificates.look(str(url))
    except OSError as error:
        yield Finding("addresses", f"{url.host} does not answer: {type(error).__name__}", "look at DNS and the proxy")
        return
    if seen.fault or seen.expires_at is None:
        yield Finding("addresses", f"visitors refuse the certificate of {seen.host}: {seen.fault}", mend)
    elif (left := seen.expires_at - datetime.now(UTC)) < SOON:
        yield Finding("addresses", f"the certificate of {seen.host} is good for {left.days} days", mend)
