"""The local stack's command line: `python -m infra.local up [part …]`, `demo`, `down`, `reset`."""

import sys

from infra.local import settings
from infra.local.demo.play import play
from infra.local.down import down, reset
from infra.local.settings import Unfit
from infra.local.up import up


def main(arguments: list[str]) -> None:
    """Run one command; what cannot be done becomes one clear line and exit code 1."""
    try:
        caller = settings.read()
        match arguments:
            case ["up", *names]:
                up(caller, names)
            case ["demo"]:
                up(caller, [], show=play)
            case ["down"]:
                print(down(caller))
            case ["reset"]:
                print(reset(caller))
            case _:
                sys.exit("usage: python -m infra.local up [part ...] | demo | down | reset")
    except Unfit as problem:
        sys.exit(str(problem))


main(sys.argv[1:])
