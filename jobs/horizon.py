"""Keeps the calendar and the partitions ahead of time."""

from jobs.connections import Connections


async def extend(connections: Connections) -> None:
    """Extend both where they have come near their end; run at start and daily, harmless when repeated."""
    await connections.database.call("extend_horizon")
