"""`make audit-verify`: walks the chain over the audit log of DATABASE_URL and names the first entry that does not fit.

The last line of a good run is an anchor: kept elsewhere, it proves later that nothing up to it was rewritten since.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from infra.local import settings

FAULTS = {
    "seal_missing": "seals before it are missing",
    "reordered": "it does not follow the seal before it",
    "entry_missing": "its entry is gone",
    "entry_changed": "its entry, or the seal, was changed",
    "entry_inserted": "was put into the log past its triggers, and never sealed",
    "entry_removed": "was removed before it was sealed",
    "anchor_differs": "it is not the one that the anchor names: the chain was rewritten or cut off",
}


class Anchor(NamedTuple):
    """A seal as it was once printed or logged."""

    number: int
    hash: str


def anchor(text: str) -> Anchor:
    """Read `<number>:<hash>`; raise ArgumentTypeError on anything else."""
    found = re.fullmatch(r"(\d{1,18}):([0-9a-fA-F]{64})", text)
    if not found:
        raise argparse.ArgumentTypeError("an anchor is <number>:<64 hex digits>, as an earlier run printed it")
    return Anchor(int(found[1]), found[2])


def verify(
    connection: psycopg.Connection[Any], given: Anchor | None = None, *, since_anchor: bool = False
) -> tuple[bool, str]:
    """Return whether all is well, and the line that says so, or which seal or entry is the first bad one."""
    number, digest = given or (0, None)
    row = connection.execute("select api.verify_audit(%s, %s, %s)", [number, digest, since_anchor]).fetchone()
    found: dict[str, Any] = row[0] if row else {}
    if fault := found["fault"]:
        where = [f"{word} {fault[key]}" for word, key in (("seal", "number"), ("entry", "entry_id")) if fault[key]]
        return False, f"the audit is broken at {', '.join(where)}: {FAULTS[fault['fault']]}"
    waiting = f"; {found['unsealed']} entries wait for their seal" if found["unsealed"] else ""
    head = f"{found['number']}:{found['hash']}" if found["number"] else "none yet"
    return True, f"{found['entries']} entries fit{waiting}; anchor {head}"


def main(arguments: Sequence[str]) -> None:
    """Print the finding; end with 1 when something does not fit, with 2 when it cannot be asked."""
    parser = argparse.ArgumentParser(
        prog="make audit-verify",
        usage="make audit-verify [ANCHOR=<number>:<hash>] [SINCE=<number>:<hash>]",
        description="Walks the chain over the audit log.",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--anchor", type=anchor, metavar="NUMBER:HASH", help="a seal that must be in the chain")
    group.add_argument("--since", type=anchor, metavar="NUMBER:HASH", help="the same, and walk only what follows it")
    asked = parser.parse_args(arguments)
    url = settings.read().variables.get("DATABASE_URL")
    if not url:
        parser.error("no DATABASE_URL: start `make up`, or name the database, such as DATABASE_URL=postgresql://…")
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            is_well, line = verify(connection, asked.anchor or asked.since, since_anchor=bool(asked.since))
    except psycopg.Error as error:
        parser.error(f"the database cannot be asked: {type(error).__name__}")
    print(line)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
