"""A model that answers as it is told: an OpenAI-compatible service for tests, and for trying the classifier by hand.

    python -m infra.local.llm 9099
    OPENROUTER_API_KEY=local OPENROUTER_BASE_URL=http://127.0.0.1:9099/v1 make up

`POST /script` sets what comes next, in order: {"classification", "confidence"}, {"status": 500}, {"seconds": 30} before
the rest of it, {"content": "no JSON"}. Without a script it is sure of nothing. `GET /calls` has what it was asked.
"""

import asyncio
import json
import sys
from typing import Any

from litestar import Litestar, Response, get, post
from litestar.datastructures import State

from infra import serving

_UNSURE = {"classification": "request", "confidence": 0.5}


def app() -> Litestar:
    """Return a service without a script."""
    state = State({"script": [], "calls": []})
    return Litestar([complete, script, calls], state=state, openapi_config=None, logging_config=None)


@post("/v1/chat/completions", status_code=200)
async def complete(data: dict[str, Any], state: State) -> Response[Any]:
    """Answer with the next line of the script."""
    state.calls.append(data)
    step: dict[str, Any] = state.script.pop(0) if state.script else _UNSURE
    await asyncio.sleep(step.get("seconds", 0))
    if status := step.get("status"):
        return Response({"error": {"message": "scripted", "code": status}}, status_code=status)
    verdict = {key: step[key] for key in ("classification", "confidence") if key in step}
    content = step.get("content", json.dumps(verdict or _UNSURE))
    return Response({"object": "chat.completion", "model": data.get("model"), "choices": [_choice(content)]})


@post("/script", status_code=204)
async def script(data: list[dict[str, Any]], state: State) -> None:
    """Replace the script, and forget what was asked."""
    state.script[:], state.calls[:] = data, []


@get("/calls")
async def calls(state: State) -> list[dict[str, Any]]:
    """Return the bodies of all calls since the script was set."""
    asked: list[dict[str, Any]] = state.calls
    return asked


def _choice(content: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}


if __name__ == "__main__":
    serving.run(serving.serve(app(), "127.0.0.1", int(sys.argv[1])))
