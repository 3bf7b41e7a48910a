"""Gives a new firm the working time, target and ladder that its operator chose in the environment."""

import structlog

from jobs.connections import Connections

log = structlog.get_logger()


async def adopt(connections: Connections) -> None:
    """Take them over once in the life of the firm (S13); harmless when repeated."""
    if await connections.database.call("adopt_defaults", defaults=connections.firm_defaults):
        log.info("defaults_adopted", names=sorted(connections.firm_defaults))
