"""The floor of intake: a bare ASGI handler that inserts the same rows in the same batches through the same PostgREST.

`SUPABASE_URL=… SUPABASE_SERVICE_ROLE_KEY=… REDIS_URL=… PORT=… python -m tests.bench.floor`
"""

import os
from typing import Any

import msgspec
import uvicorn
import uvloop
from postgrest.types import JSON

from bot.batching import Batcher
from infra import redis
from infra.supabase import Database, open_http
from tests.world import ACCOUNTANT

Row = dict[str, Any]


class BareTable(Database):
    """Takes what the batcher sends as rows, and has them inserted."""

    async def hand_over(self, function: str, document: Any) -> JSON:
        await super().call(f"bench_{function}", updates=document)
        return [{"outcome": "recorded"}] * len(document)


def row_of(update: Row) -> Row:
    """Return the row as it will stand in `chat_messages`."""
    message = update["message"]
    document, by_staff = message.get("document", {}), message["from"]["id"] == ACCOUNTANT
    return {
        "chat_id": message["chat"]["id"],
        "message_id": message["message_id"],
        "update_id": update["update_id"],
        "telegram_user_id": message["from"]["id"],
        "author_name": f"{message['from']['first_name']} {message['from']['last_name']}",
        "is_staff": by_staff,
        "kind": "document" if document else "text",
        "message_text": message.get("text"),
        "caption": message.get("caption"),
        "media_file_id": document.get("file_id"),
        "reply_to_message_id": message.get("reply_to_message", {}).get("message_id"),
        "date": message["date"],
        "classification": None if by_staff else "request",
    }


async def main() -> None:
    """Listen until SIGTERM."""
    async with open_http() as http:
        table = BareTable(http, os.environ["SUPABASE_URL"], os.environ["SUPABASE_SERVICE_ROLE_KEY"])
        # The same batcher, so the same batches. Its hints are never sent.
        batcher = Batcher(table, redis.Hints(redis.connect(os.environ["REDIS_URL"])))

        async def handle(_scope: Any, receive: Any, send: Any) -> None:
            body, more = b"", True
            while more:
                part = await receive()
                body, more = body + part.get("body", b""), part.get("more_body", False)
            await batcher.store(row_of(msgspec.json.decode(body)))
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

        port = int(os.environ["PORT"])
        config = uvicorn.Config(handle, port=port, log_level="warning", access_log=False, lifespan="off")
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main())
