"""Redis: that the queue forgets nothing and the cache refuses nothing, and that both have room."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, cast

from redis.exceptions import RedisError

from infra import redis
from infra.doctor.finding import Finding

FULL = 0.9


async def of_queue(url: str) -> AsyncIterator[Finding]:
    """Yield what would lose jobs, conversations or sessions."""
    told = await _told(url)
    if isinstance(told, Finding):
        yield told
        return
    for one in _of_policy(told, "REDIS_URL", "which loses jobs"):
        yield one
    if not told["aof_enabled"]:
        yield Finding("redis", "REDIS_URL keeps nothing over a restart", "set appendonly yes")
    if (limit := told["maxmemory"]) and told["used_memory"] > FULL * limit:
        yield Finding("redis", "REDIS_URL is nearly full and will refuse changes", "raise maxmemory, see what grows")


async def of_cache(url: str, queue_url: str) -> AsyncIterator[Finding]:
    """Yield what would make a cache refuse, or throw away what the queue needs."""
    told, queue = await _told(url), await _told(queue_url)
    if isinstance(told, Finding):
        yield told._replace(what=told.what.replace("REDIS_URL", "REDIS_CACHE_URL"))
        return
    if not isinstance(queue, Finding) and told["run_id"] == queue["run_id"]:
        yield Finding("redis", "REDIS_CACHE_URL is the queue's own server", "run a second one: eviction is per server")
    for one in _of_policy(told, "REDIS_CACHE_URL", "which is none for a cache"):
        yield one
    if not told["maxmemory"]:
        yield Finding("redis", "REDIS_CACHE_URL may take all memory", "set maxmemory, such as 64mb")


def _of_policy(told: dict[str, Any], name: str, why: str) -> Iterator[Finding]:
    policy, fit = told["maxmemory_policy"], redis.POLICIES[name]
    if policy not in fit:
        yield Finding("redis", f"{name} has the policy {policy}, {why}", f"set maxmemory-policy {' or '.join(fit)}")


async def _told(url: str) -> dict[str, Any] | Finding:
    client = redis.connect(url)
    try:
        return await cast("Awaitable[dict[str, Any]]", client.info())
    except RedisError as error:
        if str(error).startswith("MISCONF"):
            return Finding("redis", "REDIS_URL cannot write to its disk and refuses changes", "make room there")
        return Finding("redis", f"REDIS_URL does not answer: {type(error).__name__}", "start it, or mend the address")
    finally:
        await client.aclose()
