"""The control API under /_sim/: what tests and the playground do to the simulator, as JSON over HTTP.

Posts take a JSON object (see control_requests) and need `content-type: application/json`. A mistake is a 4xx with
`{"status": "error", "message": ...}`. Unknown people and chats are made up on the spot.

    GET  state                              people, chats, webhook, limits, switches, pending updates
    GET  messages?chat_id=&since=&limit=    the chat's newest messages after the id `since`, as they are now
    GET  calls?since=&method=               Bot API calls after the call id `since`
    GET  deliveries?since=&update_id=       attempts at the webhook after the unix time `since`
    GET  query?id=                          a press: was it answered, and with what toast
    GET  events                             a stream of hints (text/event-stream): {"topic", "chat_id"}
    POST say        user_id chat_id text [date | minutes_ago] [reply_to] [topic_id] [quote] [forwarded_from] ...
    POST send       as say, with kind (photo, document, voice, sticker, ...) and [caption] [file_name] [content_base64]
    POST edit       user_id chat_id message_id text [date | minutes_ago]
    POST delete     chat_id message_id
    POST react      user_id chat_id message_id emoji: []        POST press   user_id chat_id message_id button
    POST start      user_id [payload]                           POST block, unblock   user_id
    POST person     user_id [first_name ...]                    POST chat    chat_id title [members] [bot_status]
    POST member     chat_id user_id status [by]                 POST title   chat_id user_id title
    POST add_bot    chat_id by [status] [payload]               POST remove_bot   chat_id by [status]
    POST topic      chat_id user_id name                        POST close_topic  chat_id user_id topic_id [closed]
    POST migrate    chat_id [new_chat_id]                       POST update  kind chat_id payload (sent as it is)
    POST connect    user_id [is_enabled]: somebody's Telegram Business account; answers {"connection_id", "update_id"}
    POST business_say, business_edit    connection_id chat_id user_id text [message_id] [date | minutes_ago]
    POST business_delete                connection_id chat_id message_ids
    POST faults     all: [{method, chat_id, words, times, code, description, parameters, page, hang_seconds, done}]
    POST limits     on: bool                                    POST switches   (see delivery.Switches), partial
    POST reset      the demo firm again, ids go on              POST drop_pending

`say`, `send`, `edit`, `start`, `title`, `topic` answer {"message", "update_id"}; `update_id` is null when the bot does
not get to see it.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from infra.local.telegram import control_actions, control_reads
from infra.local.telegram import control_requests as asked
from infra.local.telegram.delivery import Switches
from infra.local.telegram.errors import ControlError
from infra.local.telegram.faults import Fault
from infra.local.telegram.simulator import Simulator

Asked = TypeVar("Asked", bound=BaseModel)
Handler = Callable[[web.Request], Any]


def refusal(message: str, status: int) -> web.Response:
    return web.json_response({"status": "error", "message": message}, status=status)


async def read_json(request: web.Request) -> Any:
    # A page of another origin cannot send this content type without asking first.
    if request.content_type != "application/json":
        raise ControlError("send content-type: application/json", 415)
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise ControlError("the body is not JSON") from error


def describe(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors())


@web.middleware
async def plain_refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    """Word what was wrong with a control call."""
    if not request.path.startswith("/_sim/"):
        return await handler(request)  # type: ignore[no-any-return]
    try:
        return await handler(request)  # type: ignore[no-any-return]
    except ValidationError as error:
        return refusal(describe(error), 422)
    except ControlError as error:
        return refusal(error.message, error.status)
    except web.HTTPException as error:
        return refusal(error.reason, error.status)


def _post(
    sim: Simulator, name: str, kind: type[Asked], act: Callable[[Simulator, Asked], dict[str, Any]]
) -> web.RouteDef:
    async def handle(request: web.Request) -> web.Response:
        return web.json_response(act(sim, kind.model_validate(await read_json(request))))

    return web.post(f"/_sim/{name}", handle)


def _switching(sim: Simulator) -> list[web.RouteDef]:
    async def switches(request: web.Request) -> web.Response:
        changes = await read_json(request)
        if not isinstance(changes, dict):
            raise ControlError("an object of switches is expected")
        wanted = Switches.model_validate(sim.courier.switches.model_dump() | changes)
        sim.courier.switches = wanted
        sim.courier.reconsider()
        sim.events.publish("webhook")
        return web.json_response(wanted.model_dump())

    async def faults(request: web.Request) -> web.Response:
        sim.faults.waiting = TypeAdapter(list[Fault]).validate_python(await read_json(request))
        return web.json_response({"faults": [fault.model_dump() for fault in sim.faults.waiting]})

    return [web.post("/_sim/switches", switches), web.post("/_sim/faults", faults)]


def routes(sim: Simulator) -> list[web.RouteDef]:
    act = control_actions
    return [
        *control_reads.routes(sim),
        *_switching(sim),
        _post(sim, "say", asked.Say, act.say),
        _post(sim, "send", asked.Send, act.send),
        _post(sim, "edit", asked.Edit, act.edit),
        _post(sim, "delete", asked.OfMessage, act.delete),
        _post(sim, "react", asked.React, act.react),
        _post(sim, "press", asked.Press, act.press),
        _post(sim, "start", asked.Start, act.start),
        _post(sim, "block", asked.OfPerson, act.block),
        _post(sim, "unblock", asked.OfPerson, act.unblock),
        _post(sim, "person", asked.PutPerson, act.put_person),
        _post(sim, "chat", asked.PutChat, act.put_chat),
        _post(sim, "member", asked.Member, act.member),
        _post(sim, "add_bot", asked.AddBot, act.add_bot),
        _post(sim, "remove_bot", asked.RemoveBot, act.remove_bot),
        _post(sim, "title", asked.Title, act.title),
        _post(sim, "topic", asked.NewTopic, act.topic),
        _post(sim, "close_topic", asked.CloseTopic, act.close_topic),
        _post(sim, "migrate", asked.Migrate, act.migrate),
        _post(sim, "connect", asked.Connect, act.connect),
        _post(sim, "business_say", asked.BusinessSay, act.business_say),
        _post(sim, "business_edit", asked.BusinessEdit, act.business_edit),
        _post(sim, "business_delete", asked.BusinessDelete, act.business_delete),
        _post(sim, "update", asked.RawUpdate, act.raw_update),
        _post(sim, "limits", asked.LimitSwitch, act.limits),
        _post(sim, "drop_pending", asked.Empty, act.drop_pending),
        _post(sim, "reset", asked.Empty, act.reset),
    ]
