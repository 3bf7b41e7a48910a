"""A certificate authority of a test's own, to be thrown away."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@asynccontextmanager
async def site(folder: Path, days: float) -> AsyncIterator[str]:
    """Run a site whose certificate runs out in so many days; yield its address."""
    chain = certify(folder, "localhost", datetime.now(UTC) + timedelta(days=days))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/webhook"


def certify(folder: Path, host: str, until: datetime) -> Path:
    """Return a file with key and certificate of a host; `authority.pem` beside it is who vouches for it."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("a test's authority", authority, authority, datetime.now(UTC) + timedelta(days=1), host=None)
    own = _certificate("a test's authority", key, authority, until, host=host)
    (folder / "authority.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = folder / f"{host}.pem"
    chain.write_bytes(private + own.public_bytes(serialization.Encoding.PEM))
    return chain


def _certificate(
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    until: datetime,
    *,
    host: str | None,
) -> x509.Certificate:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder(
        issuer_name=name(issuer),
        subject_name=name(host or issuer),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=min(until, datetime.now(UTC)) - timedelta(days=1),
        not_valid_after=until,
    ).add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    if host:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    return builder.sign(signer, hashes.SHA256())
