"""The way to the model: cache, fuse, two tries, the second model. Without an answer the rules have decided."""

import asyncio
from dataclasses import dataclass

import aiohttp
import httpx
import structlog
from prometheus_client import Counter, Histogram
from redis.asyncio import Redis

from infra.outage import Outage
from jobs import prompting
from jobs.breaker import Breaker
from jobs.prompting import Answer, Question

TRIES = 2
KEPT_SECONDS = 30 * 24 * 3600
# Operators hear of an outage at most this often.
QUIET_SECONDS = 300
_TOLD = "model:told"

calls = Counter(
    "buhbot_model_calls_total", "Calls to a model (first, second) by what came of them.", ["model", "outcome"]
)
seconds = Histogram("buhbot_model_seconds", "Time of one call to a model.", buckets=(0.25, 0.5, 1, 2, 4, 8, 10))
cached = Counter("buhbot_model_cache_total", "Questions by whether the answer was known: hit, miss.", ["outcome"])

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible service, its models in the order in which they are asked, and how long a call may take."""

    url: str
    key: str
    models: tuple[str, ...]
    seconds: float = 10.0


async def call(
    http: httpx.AsyncClient, endpoint: Endpoint, model: str, question: Question
) -> tuple[Answer | None, str]:
    """Ask once; return the answer, and what came of it: answered, busy, refused, timeout, unreachable, nonsense."""
    try:
        with seconds.time():
            async with asyncio.timeout(endpoint.seconds):
                response = await http.post(
                    f"{endpoint.url.rstrip('/')}/chat/completions",
                    json=prompting.body(question, model),
                    headers={"Authorization": f"Bearer {endpoint.key}"},
                    timeout=endpoint.seconds,
                )
        if not response.is_success:
            return None, "busy" if response.status_code == httpx.codes.TOO_MANY_REQUESTS else "refused"
        return prompting.read(response.json()), "answered"
    except (TimeoutError, httpx.TimeoutException):
        return None, "timeout"
    except (httpx.HTTPError, aiohttp.ClientError):
        return None, "unreachable"
    except ValueError:
        return None, "nonsense"


class Model:
    """Asks about a message; `queue` holds what all copies share, `cache` what may be forgotten."""

    def __init__(
        self, http: httpx.AsyncClient, endpoint: Endpoint, queue: Redis, cache: Redis, breaker: Breaker | None = None
    ) -> None:
        self.breaker = breaker or Breaker(queue, "model")
        self._http, self._endpoint, self._queue, self._cache = http, endpoint, queue, cache
        self._queue_outage, self._cache_outage = Outage(), Outage()

    async def judge(self, question: Question) -> Answer | None:
        """Return what the model says, now or earlier; None when it says nothing, or nothing that makes sense."""
        key = f"model:{question.key}"
        known = await self._cache_outage.ask(lambda: self._cache.get(key), None)
        cached.labels("hit" if known else "miss").inc()
        if known:
            return Answer.model_validate_json(known)
        answer = await self._asked(question)
        if answer is not None:
            # Real answers only: what was made up for want of one would outlive its cause.
            kept = answer.model_dump_json()
            await self._cache_outage.ask(lambda: self._cache.set(key, kept, ex=KEPT_SECONDS), None)
        return answer

    async def may_tell(self) -> bool:
        """Say whether operators are to hear of an outage now; the next time is five minutes later."""
        return bool(await self._queue_outage.ask(lambda: self._queue.set(_TOLD, 1, nx=True, ex=QUIET_SECONDS), None))

    async def _asked(self, question: Question) -> Answer | None:
        for name, model in zip(("first", "second"), self._endpoint.models, strict=False):
            for _ in range(TRIES):
                if not await self.breaker.lets_through():
                    return None
                answer, outcome = await call(self._http, self._endpoint, model, question)
                calls.labels(name, outcome).inc()
                if answer is not None:
                    await self.breaker.succeeded()
                    return answer
                log.warning("model_failed", model=name, outcome=outcome)
                await self.breaker.failed()
        return None
