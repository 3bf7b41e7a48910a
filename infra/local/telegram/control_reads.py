"""What each GET of the control API answers."""

import asyncio
import json
from contextlib import suppress
from itertools import islice
from typing import Any

from aiohttp import web

from infra.local.telegram import wire
from infra.local.telegram.errors import ControlError
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.world import Chat, Message

HEARTBEAT_SECONDS = 15
PENDING_SHOWN = 100


def _number(request: web.Request, name: str, default: float | None = None) -> float:
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    try:
        return float(text or "")
    except ValueError as error:
        raise ControlError(f"{name} must be a number") from error


def shown(sim: Simulator, message: Message) -> dict[str, Any]:
    """Write a message as the Bot API would, with the reactions beside it."""
    reactions = {str(number): emoji for number, emoji in message.reactions.items()}
    return wire.message(sim.world, message) | {"reactions": reactions}


def _chat(sim: Simulator, chat: Chat) -> dict[str, Any]:
    last = chat.messages[max(chat.messages)] if chat.messages else None
    return wire.chat(sim.world, chat) | {
        "migrated_to": chat.migrated_to,
        "members": {str(number): status for number, status in chat.members.items()},
        "topics": {str(number): topic.model_dump() for number, topic in chat.topics.items()},
        "last_message": shown(sim, last) if last else None,
    }


def _webhook(sim: Simulator) -> dict[str, Any] | None:
    hook = sim.inbox.webhook
    return hook.model_dump(exclude={"secret"}) if hook else None


def _status(sim: Simulator) -> dict[str, Any]:
    pending = sim.inbox.pending.values()
    return {
        "webhook": _webhook(sim),
        "allowed_updates": sim.inbox.allowed,
        "pending": len(sim.inbox.pending),
        "pending_updates": [update.model_dump(exclude={"payload"}) for update in islice(pending, PENDING_SHOWN)],
        "failing": sum(update.attempts > 0 for update in pending),
        "oldest_pending_at": min((update.created_at for update in pending), default=None),
        "limits": sim.limits.on,
        "switches": sim.courier.switches.model_dump(),
        "faults": [fault.model_dump() for fault in sim.faults.waiting],
        "last_update_id": sim.inbox.last_update_id,
    }


def _state(sim: Simulator) -> dict[str, Any]:
    return {
        "bot": wire.user(sim.world.bot),
        "people": [person.model_dump() for person in sim.world.people.values() if person.id != sim.bot_id],
        "chats": [_chat(sim, chat) for chat in sim.world.chats.values()],
        **_status(sim),
    }


def _messages(sim: Simulator, request: web.Request) -> dict[str, Any]:
    chat = sim.world.chats.get(int(_number(request, "chat_id")))
    since = int(_number(request, "since", 0))
    found = [message for message in (chat.messages.values() if chat else ()) if message.message_id > since]
    limit = int(_number(request, "limit", len(found)))
    return {"messages": [shown(sim, message) for message in found[max(0, len(found) - limit) :]]}


def _calls(sim: Simulator, request: web.Request) -> dict[str, Any]:
    found = sim.calls.since(int(_number(request, "since", 0)), request.query.get("method"))
    return {"calls": [call.model_dump() for call in found]}


def _deliveries(sim: Simulator, request: web.Request) -> dict[str, Any]:
    since, update_id = _number(request, "since", 0), int(_number(request, "update_id", 0))
    found = [one for one in sim.courier.log if one.at >= since and update_id in (0, one.update_id)]
    return {"deliveries": [one.model_dump() for one in found]}


def _query(sim: Simulator, request: web.Request) -> dict[str, Any]:
    query = sim.queries.known.get(request.query.get("id", ""))
    if query is None:
        raise ControlError("no such press", 404)
    return query.model_dump()


async def _stream(sim: Simulator, request: web.Request) -> web.StreamResponse:
    """Send hints until the listener goes away or the simulator stops."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream", "cache-control": "no-store"})
    await response.prepare(request)
    # A closed tab is how a stream ends, not an error.
    with sim.events.listen() as queue, suppress(ConnectionResetError):
        await response.write(b": hello\n\n")
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    hint = await queue.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if hint is None:
                return response
            await response.write(f"data: {json.dumps(hint)}\n\n".encode())
    return response


def routes(sim: Simulator) -> list[web.RouteDef]:
    def read(name: str, answer: Any) -> web.RouteDef:
        async def handle(request: web.Request) -> web.Response:
            return web.json_response(answer(sim, request))

        return web.get(f"/_sim/{name}", handle)

    async def events(request: web.Request) -> web.StreamResponse:
        return await _stream(sim, request)

    return [
        read("state", lambda sim, _request: _state(sim)),
        read("status", lambda sim, _request: _status(sim)),
        read("messages", _messages),
        read("calls", _calls),
        read("deliveries", _deliveries),
        read("query", _query),
        web.get("/_sim/events", events),
    ]
