"""Redis: that the queue forgets nothing and the cache refuses nothing, and that both have room."""

from collections.abc import AsyncIterator, Awaitable
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
    if (policy := told["maxmemory_policy"]) != "noeviction":
        yield Finding(
            "redis", f"REDIS_URL has the policy {policy}, which loses jobs", "set maxmemory-policy noeviction"
        )
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
    if not str(told["maxmemory_policy"]).startswith("allkeys-"):
        policy = f"REDIS_CACHE_URL has the policy {told['maxmemory_policy']}, so it refuses when full"
        yield Finding("redis", policy, "set maxmemory-policy allkeys-lru")
    if not told["maxmemory"]:
        yield Finding("redis", "REDIS_CACHE_URL may take all memory", "set maxmemory, such as 64mb")


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
