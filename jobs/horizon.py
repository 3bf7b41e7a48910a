"""Keeps the calendar and the partitions ahead of time."""

from typing import Any

from jobs.connections import Connections


async def extend(ctx: dict[str, Any]) -> None:
    """Extend both where they have come near their end; run at start and daily, harmless when repeated."""
    connections: Connections = ctx["connections"]
    await connections.database.call("extend_horizon")
