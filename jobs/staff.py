"""`make admin EMAIL=…` lets in an admin, the first one above all; `make remove-person EMAIL=…` removes a person."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from infra.settings import load
from infra.supabase import Database, Refused, Unavailable, open_http
from jobs.settings import OperatorSettings

# What a person ever wrote is looked for in every message: seconds in a firm of years.
SECONDS = 600

REFUSALS = {
    "email_is_wrong": "that is no e-mail address",
    "name_is_missing": "the name is longer than 200 characters",
    "person_exists": "Auth has a sign-in with this address that belongs to nobody: delete it there first",
    "unknown_person": "nobody of the firm has this address",
    "last_admin": "this is the last admin: make another one first, with make admin",
}
IN_THE_WAY = {
    "chat": "answers for the chat",
    "head": "is the head of the firm",
    "substitution": "stands in for",
}


class Admitted(BaseModel):
    """What `api.admit_admin` returns."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    outcome: str
    token: str | None


class Obstacle(BaseModel):
    """A row of `api.remove_person`: what would be left without the person."""

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str


async def admit(database: Database, email: str, full_name: str | None, admin_url: str) -> str:
    """Return what became of it: a link to open, or that the person is an admin now."""
    answer: Any = await database.call("admit_admin", email=email, full_name=full_name)
    [admitted] = TypeAdapter(list[Admitted]).validate_python(answer)
    if admitted.token is None:
        return "this person is an admin now, with access"
    return f"open this link within 7 days to choose a password and come in:\n{admin_url}/invite/{admitted.token}"


async def remove(database: Database, email: str) -> list[Obstacle]:
    """Remove the person, or return what is in the way, and then nothing was done."""
    return TypeAdapter(list[Obstacle]).validate_python(await database.call("remove_person", email=email))


def obstacles(found: Sequence[Obstacle]) -> Iterator[str]:
    """Yield what is in the way, a line each, and what to do."""
    yield "not removed: this person"
    for obstacle in found:
        yield f"  {IN_THE_WAY[obstacle.kind]} {obstacle.name}"
    yield "give that to somebody else, then try again"


async def _run(asked: argparse.Namespace, settings: OperatorSettings) -> list[str]:
    async with open_http(SECONDS) as http:
        database = Database(http, str(settings.supabase_url), settings.supabase_service_role_key.get_secret_value())
        if asked.action == "admin":
            return [await admit(database, asked.email, asked.name, str(settings.admin_url).rstrip("/"))]
        if found := await remove(database, asked.email):
            sys.exit("\n".join(obstacles(found)))
        return ["removed; the figures stay"]


def main(arguments: Sequence[str]) -> None:
    """Print what was done; end with one line on standard error when nothing could be."""
    parser = argparse.ArgumentParser(prog="make", description="People, as only the operator may change them.")
    parser.add_argument("action", choices=("admin", "remove-person"))
    parser.add_argument("email", metavar="EMAIL")
    parser.add_argument("name", metavar="NAME", nargs="?", help="full name of a new admin")
    asked = parser.parse_args(arguments)
    if not asked.email.strip():
        sys.exit("say who: EMAIL=anna@example.com")
    try:
        said = asyncio.run(_run(asked, load(OperatorSettings)))
    except Refused as error:
        sys.exit(REFUSALS.get(error.key, f"the database refused: {error.key}"))
    except Unavailable as error:
        sys.exit(f"the database cannot be reached: {error}")
    sys.stdout.writelines(f"{line}\n" for line in said)


if __name__ == "__main__":
    main(sys.argv[1:])
