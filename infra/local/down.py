"""`make down` and `make reset`: stop one local stack, whoever started it and whatever became of them."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from infra.local import keys, leftovers, processes
from infra.local.keeper import Gone, Keeper
from infra.local.keys import Keys
from infra.local.settings import Caller, Unfit
from infra.local.waiting import until

_PATIENCE_SECONDS = 30


@contextmanager
def lock(caller: Caller) -> Iterator[int]:
    """Hold the stack's lock (its file descriptor), or raise `Unfit` because somebody else does."""
    caller.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (caller.home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            own = f"PORT_OFFSET={caller.offset} " if caller.offset else ""
            raise Unfit(
                f"this stack is already running: stop it with `{own}make down`, or use another PORT_OFFSET"
            ) from None
        yield file.fileno()


def down(caller: Caller) -> str:
    """Stop the stack, and return what to tell when whoever started it has let go of it; not running is fine."""
    ran = leftovers.processes(caller.home)
    if not caller.home.exists():
        return "nothing was running"
    own = keys.keep(caller.home)

    def is_free() -> bool:
        stop(caller, own)  # again and again: it may be so early in its start that there is nothing to stop yet
        try:
            with lock(caller):
                return True
        except Unfit:
            return False

    if not until(is_free, _PATIENCE_SECONDS):
        raise Unfit(f"the stack in {caller.home} does not stop: end the process that still holds {caller.home}/lock")
    return "stopped" if ran else "nothing was running"


def reset(caller: Caller) -> str:
    """Stop the stack and forget its data, and return what to tell. Keys and tools stay."""
    if not caller.home.exists():
        return "there is no data"
    down(caller)
    with lock(caller):
        for name in ("postgres", "postgres.new", "redis-queue", "redis-cache", "log", "run"):
            shutil.rmtree(caller.home / name, ignore_errors=True)
        (caller.home / "telegram.json").unlink(missing_ok=True)
    return "the data is gone, the next `make up` starts afresh"


def stop(caller: Caller, own: Keys) -> None:
    """Stop what talks, then what it talks to, then the supervisor; kill what is left after that."""
    stack = Keeper(caller, own)
    with suppress(Gone):
        names = list(stack.states())
        product = [name for name in names if name in processes.NAMES]
        stack.stop(product)
        stack.stop([name for name in names if name not in product])
        stack.shut_down()
    leftovers.end(caller.home, patience=5)
