"""The secrets of one local stack, made once: they outlive `make reset`, so a shell that has read them stays right."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    """Random strings, and the ES256 key (a private JWK as JSON) that signs people's tokens."""

    publishable_key: str
    secret_key: str
    jwt_secret: str
    signing_key: str
    session_secret: str
    webhook_secret: str
    bot_token: str
    supervisor_password: str


def keep(home: Path) -> Keys:
    """Return the keys of a data folder, making them at its first start."""
    file = home / "keys.json"
    if not file.exists():
        write_private(file, json.dumps(asdict(make()), indent=2))
    return Keys(**json.loads(file.read_text()))


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    fresh.rename(file)


def make() -> Keys:
    """Return fresh keys."""
    return Keys(
        publishable_key=f"sb_publishable_{secrets.token_hex(16)}",
        secret_key=f"sb_secret_{secrets.token_hex(16)}",
        jwt_secret=secrets.token_hex(32),
        signing_key=_signing_key(),
        session_secret=secrets.token_hex(32),
        webhook_secret=secrets.token_hex(32),
        bot_token=f"123456:local{secrets.token_hex(15)}",
        supervisor_password=secrets.token_hex(16),
    )


def _signing_key() -> str:
    # Imported here because only the first start needs it.
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    private = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    public = private.public_numbers
    numbers = {"x": public.x, "y": public.y, "d": private.private_value}
    encoded = {name: _base64url(number.to_bytes(32, "big")) for name, number in numbers.items()}
    return json.dumps(
        {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": secrets.token_hex(8), **encoded}
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
