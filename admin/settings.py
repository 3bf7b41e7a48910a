"""Settings of the admin; the only module of this folder that reads the environment."""

from ipaddress import ip_network
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from infra.settings import ThrottledSettings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class AdminSettings(ThrottledSettings):
    """What the admin needs: the public key of Supabase and a secret of its own, never a service key."""

    supabase_anon_key: str = Field(min_length=1)
    admin_port: int = Field(default=5000, ge=1, le=65535)
    admin_url: HttpUrl = HttpUrl("http://127.0.0.1:5000")
    session_secret: SecretStr = Field(min_length=32)
    bot_url: HttpUrl = HttpUrl("http://127.0.0.1:3000")
    trusted_proxies: str = ""
    sign_ins_per_account: int = Field(default=5, ge=1, le=1_000_000)
    sign_ins_per_address: int = Field(default=20, ge=1, le=1_000_000)
    # Without a click, and at most.
    session_idle_minutes: int = Field(default=12 * 60, ge=5, le=30 * 24 * 60)
    session_life_days: int = Field(default=30, ge=1, le=365)
    # Only projects that still sign people's tokens with a shared secret need it.
    supabase_jwt_secret: SecretStr | None = Field(default=None, min_length=32)

    @property
    def supabase(self) -> str:
        """Supabase's address without a trailing slash."""
        return str(self.supabase_url).rstrip("/")

    @property
    def origin(self) -> str:
        """What a browser sends as `Origin` from our own pages."""
        return str(self.admin_url).rstrip("/")

    @property
    def is_https(self) -> bool:
        """Cookies are `Secure` and named `__Host-` only where browsers accept them so."""
        return self.admin_url.scheme == "https"

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which people open the admin, and this machine's own: whoever says those means his own machine."""
        return _LOOPBACK | {str(self.admin_url.host)}

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_have_addresses(cls, value: str) -> str:
        """A name or `*` would let anybody choose the address under which he is counted."""
        for proxy in filter(None, value.split(",")):
            ip_network(proxy.strip())
        return value

    @model_validator(mode="after")
    def _admin_url_is_an_origin(self) -> Self:
        if self.admin_url.path not in {None, "/"} or self.admin_url.query:
            raise ValueError("ADMIN_URL must be scheme, host and port only")
        return self
