"""The cookie that names a session to us, and nothing to anybody else."""

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from admin.sessions import Limits


class SessionCookie:
    """The cookie that carries a session's id: `__Host-` and `Secure` on https, plain on http://127.0.0.1."""

    def __init__(self, *, is_https: bool, life_seconds: int = Limits().life_seconds) -> None:
        self._is_https, self._life_seconds = is_https, life_seconds
        self.name = "__Host-buhbot" if is_https else "buhbot"

    def read(self, connection: ASGIConnection) -> str | None:  # type: ignore[type-arg]
        """Return the session id that the browser sent."""
        return connection.cookies.get(self.name) or None

    def write(self, session_id: str) -> Cookie:
        """Return the cookie to set."""
        return self._cookie(session_id, self._life_seconds)

    def clear(self) -> Cookie:
        """Return the cookie that makes the browser forget."""
        return self._cookie("", 0)

    def _cookie(self, value: str, max_age: int) -> Cookie:
        return Cookie(
            self.name, value=value, max_age=max_age, path="/", secure=self._is_https, httponly=True, samesite="lax"
        )
