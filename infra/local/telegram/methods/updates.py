"""How the bot gets its updates: setWebhook and its kin, getUpdates, close, logOut, answerCallbackQuery, getFile."""

import re
from typing import Any
from urllib.parse import urlsplit

from infra.local.telegram import wire
from infra.local.telegram.errors import ApiError, bad_request
from infra.local.telegram.html import utf16_length
from infra.local.telegram.inbox import Webhook
from infra.local.telegram.methods import parameters as asked
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.webhook_answer import Files

TOAST_LIMIT = 200
DOWNLOAD_LIMIT = 20 * 2**20
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = frozenset({80, 88, 443, 8443})


def _check_webhook(call: asked.SetWebhook) -> None:
    parts = urlsplit(call.url)
    # A Bot API server of one's own takes http on the same machine; Telegram's takes https alone.
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.hostname not in _LOOPBACK and (parts.port or 443) not in _PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if call.secret_token is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", call.secret_token):
        raise bad_request("secret token contains unallowed characters")
    if not 1 <= call.max_connections <= 100:
        raise bad_request("max_connections must be between 1 and 100")


async def set_webhook(sim: Simulator, call: asked.SetWebhook, _files: Files) -> bool:
    if not call.url:
        return await delete_webhook(sim, asked.DeleteWebhook(drop_pending_updates=call.drop_pending_updates), {})
    _check_webhook(call)
    sim.inbox.webhook = Webhook(url=call.url, secret=call.secret_token, max_connections=call.max_connections)
    _remember_allowed(sim, call.allowed_updates)
    _changed(sim, drop=call.drop_pending_updates)
    return True


async def delete_webhook(sim: Simulator, call: asked.DeleteWebhook, _files: Files) -> bool:
    sim.inbox.webhook = None
    _changed(sim, drop=call.drop_pending_updates)
    return True


def _remember_allowed(sim: Simulator, allowed: list[str] | None) -> None:
    """Keep the list until it is replaced; an empty one means the usual updates again."""
    if allowed is not None:
        sim.inbox.allowed = allowed or None


def _changed(sim: Simulator, *, drop: bool) -> None:
    if drop:
        sim.drop_pending()
    sim.courier.reconsider()
    sim.poller.notice()
    sim.events.publish("webhook")


async def get_webhook_info(sim: Simulator, _call: asked.Nothing, _files: Files) -> dict[str, Any]:
    hook = sim.inbox.webhook
    shown: dict[str, Any] = {"url": hook.url if hook else "", "has_custom_certificate": False}
    shown["pending_update_count"] = len(sim.inbox.pending)
    if hook:
        shown |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook and hook.last_error_date:
        shown |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if sim.inbox.allowed:
        shown["allowed_updates"] = sim.inbox.allowed
    return shown


async def get_updates(sim: Simulator, call: asked.GetUpdates, _files: Files) -> list[wire.Wire]:
    if sim.inbox.webhook:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    _remember_allowed(sim, call.allowed_updates)
    limit = call.limit if 1 <= call.limit <= 100 else 100
    return await sim.poller.updates(call.offset, limit, min(max(call.timeout, 0), 50))


async def answer_callback_query(sim: Simulator, call: asked.AnswerCallbackQuery, _files: Files) -> bool:
    if call.text and utf16_length(call.text) > TOAST_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    query = sim.queries.answer(call.callback_query_id, call.text, call.url, show_alert=call.show_alert)
    sim.changed(query.chat_id)
    return True


async def get_file(sim: Simulator, call: asked.GetFile, _files: Files) -> wire.Wire:
    known = sim.world.files.get(call.file_id)
    if known is None:
        raise bad_request("invalid file_id")
    if known.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    path = f"files/{call.file_id}/{known.name}"
    return {
        "file_id": call.file_id,
        "file_unique_id": f"u{call.file_id}",
        "file_size": known.size,
        "file_path": path,
    }


async def let_go(_sim: Simulator, _call: asked.Nothing, _files: Files) -> bool:
    """Answer close and logOut: there is no other server to which the bot could move."""
    return True
