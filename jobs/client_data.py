"""`make export-client` and `make erase-client`: all that is stored about a client, into a file or gone for good.

A client is named by its id or by its name as the firm writes it.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.client_archive import open_archive
from infra.settings import ServiceSettings, load
from infra.supabase import Database, Refused, Unavailable, open_http

# Erasure is one statement: seconds for a client of years, and nothing that could go on without it.
SECONDS = 600

REFUSALS = {
    "client_not_found": "there is no such client",
    "name_differs": "this is not the client's name, nothing is erased",
}


class Misnamed(Exception):  # noqa: N818 (reads as what happened)
    """No client, or several, are called so; the message says which."""


@asynccontextmanager
async def service() -> AsyncIterator[Database]:
    """Yield the database as the service."""
    settings = load(ServiceSettings)
    async with open_http(SECONDS) as http:
        yield Database(http, str(settings.supabase_url), settings.supabase_service_role_key.get_secret_value())


async def find(database: Database, named: str) -> tuple[UUID, str]:
    """Return id and name of a client; raise `Misnamed`."""
    if not named.strip():
        raise Misnamed("say which client: CLIENT=<id or name>")
    try:
        rows: Any = await database.read("clients", "id,name", id=str(UUID(named)))
    except ValueError:
        rows = await database.read("clients", "id,name", name=named)
    if len(rows) > 1:
        ids = ", ".join(sorted(row["id"] for row in rows))
        raise Misnamed(f"several clients are called so, say which by its id: {ids}")
    if not rows:
        raise Misnamed("there is no such client")
    return UUID(rows[0]["id"]), rows[0]["name"]


async def export(named: str, file: Path | None) -> str:
    """Write the client's archive and return what there is to say; a file that exists already is left alone."""
    async with service() as database:
        client_id, _ = await find(database, named)
        path = file or Path(f"client-{client_id}.zip")
        archive = await open_archive(database, client_id)
        # Whose it is, nobody else may read it.
        path.touch(mode=0o600, exist_ok=False)
        try:
            with path.open("wb") as out:
                async for piece in archive.pieces:
                    out.write(piece)
        except BaseException:
            path.unlink()
            raise
    return f"{path}: {path.stat().st_size} bytes"


async def erase(named: str, confirm: Callable[[], str]) -> str:
    """Erase the client whose name is given once more, and return what there is to say."""
    async with service() as database:
        client_id, _ = await find(database, named)
        confirmation = await asyncio.to_thread(confirm)
        erased: Any = await database.call("erase_client", client_id=str(client_id), confirmation=confirmation)
    return f"erased: {erased['messages']} messages in {erased['chats']} chats; figures are kept"


def ask() -> str:
    """Ask the person at the terminal for the client's name."""
    sys.stdout.write("This cannot be undone. Type the client's name to erase all personal data: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip()


def main(arguments: Sequence[str]) -> None:
    """Do what was asked; end with one line on standard error when it cannot be done."""
    parser = argparse.ArgumentParser(prog="make", description="All that is stored about a client.")
    parser.add_argument("action", choices=["export", "erase"])
    parser.add_argument("client", help="id or name")
    parser.add_argument("--file", type=Path, help="where to write the archive (export)")
    parser.add_argument("--confirm", help="the client's name (erase); asked for when absent")
    asked = parser.parse_args(arguments)
    try:
        if asked.action == "export":
            said = asyncio.run(export(asked.client, asked.file))
        else:
            said = asyncio.run(erase(asked.client, lambda: asked.confirm or ask()))
    except FileExistsError as error:
        sys.exit(f"{error.filename} is there already: name another FILE")
    except OSError as error:
        sys.exit(f"{error.filename} cannot be written: {error.strerror}")
    except Misnamed as error:
        sys.exit(str(error))
    except Refused as error:
        sys.exit(REFUSALS.get(error.key, f"the database refused: {error.key}"))
    except Unavailable as error:
        sys.exit(f"the database cannot be reached: {error}")
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
