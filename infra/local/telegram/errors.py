"""Refusals in Telegram's words: what a bot is told when it asks for what Telegram does not do."""

from typing import Any


class ApiError(Exception):
    """A Bot API answer with `ok: false`; `parameters` carries retry_after or migrate_to_chat_id."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class ProxyError(ApiError):
    """An answer that is not the Bot API's: the HTML page of a proxy before it."""


class ControlError(Exception):
    """A control call that makes no sense: the driver of the simulator is told why (a 4xx)."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def bad_request(description: str, **parameters: Any) -> ApiError:
    return ApiError(400, f"Bad Request: {description}", **parameters)


def forbidden(description: str) -> ApiError:
    return ApiError(403, f"Forbidden: {description}")


def too_many_requests(retry_after: int) -> ApiError:
    """Refuse for `retry_after` whole seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def not_written(what: str) -> ApiError:
    """Say loudly that the simulator lacks this, rather than pretend that it worked."""
    return ApiError(501, f"Not Implemented: the simulator does not do {what}")
