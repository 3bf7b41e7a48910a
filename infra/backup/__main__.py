"""The commands of this folder: how they are asked for, and how they end."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from infra.backup import reporting
from infra.backup.commands import backup, restore, unpack, verify
from infra.backup.faults import Fault
from infra.backup.settings import BackupSettings

_EPILOG = (
    "Ends with 0 when all is well, 1 when it could not be done, 2 when it cannot begin, 75 when another is under way."
)


def main(arguments: Sequence[str]) -> int:
    """Run one command; a fault becomes one line here and in the operators' chat, and an exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _stop)
    asked = _parser().parse_args(arguments)
    try:
        settings = BackupSettings.read()
    except Fault as fault:
        print(fault, file=sys.stderr)
        return fault.code
    try:
        asked.command(settings, asked)
    except Fault as fault:
        reporting.say_failed(settings, asked.word, fault)
        return fault.code
    except Exception as surprise:
        reporting.say_failed(
            settings, asked.word, Fault(f"{type(surprise).__name__}, which nobody expected: see its log")
        )
        raise
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="infra/backup/", epilog=_EPILOG)
    commands = parser.add_subparsers(required=True, metavar="backup | verify | restore | unpack")
    making = commands.add_parser("backup", help="make an archive while everything runs", epilog=_EPILOG)
    making.set_defaults(command=backup, word="backup")
    making.add_argument("--unless-new", action="store_true", help="all is well when nothing was ever deployed")
    trying = commands.add_parser("verify", help="restore an archive into an empty database of a trial", epilog=_EPILOG)
    trying.set_defaults(command=verify, word="verify")
    putting = commands.add_parser("restore", help="put an archive into the database of DATABASE_URL", epilog=_EPILOG)
    putting.set_defaults(command=restore, word="restore")
    opening = commands.add_parser("unpack", help="only take out Redis' snapshot and the configuration", epilog=_EPILOG)
    opening.set_defaults(command=unpack, word="unpack")
    for one in (trying, putting, opening):
        one.add_argument("archive", nargs="?", help="its name; the newest good one by itself")
        one.add_argument("--identity", type=Path, required=True, help="file with the private key of age")
    putting.add_argument("--confirm", help="host:port/database, instead of typing it when the database is not empty")
    putting.add_argument("--without-snapshot", action="store_true", help="do not back up first what is there")
    opening.add_argument("--folder", type=Path, required=True, help="where to put them")
    return parser


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Fault(f"stopped by {signal.Signals(number).name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
