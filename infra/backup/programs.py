"""The programs that do the work: each ends well, or becomes a fault with the line in which it said why."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import IO, Self, cast

from infra.backup.faults import Fault, Unfit
from infra.backup.settings import environment

PACKAGES = {
    "psql": "postgresql-client-17",
    "pg_dump": "postgresql-client-17",
    "pg_restore": "postgresql-client-17",
    "age": "age",
    "rclone": "rclone",
    "redis-cli": "redis-tools",
}
_CHUNK_BYTES = 1 << 20
_GRACE_SECONDS = 10

Command = Sequence[str]


class Ended(Fault):
    """A program ended badly, with this exit code."""

    def __init__(self, command: Command, said: str, status: int) -> None:
        super().__init__(_reason(command, said, status))
        self.status = status


def need(*names: str) -> None:
    """Raise `Unfit` unless all of them are installed."""
    if missing := [name for name in names if not shutil.which(name)]:
        packages = " ".join(sorted({PACKAGES[name] for name in missing}))
        raise Unfit(f"{' and '.join(missing)} cannot be found: apt-get install {packages}")


def held(content: Iterable[bytes]) -> IO[bytes]:
    """Return a file without a name that holds it: gone with whoever opened it, however that ends."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by whoever asked for it)
    file.writelines(content)
    file.seek(0)
    return file


def run(command: Command, variables: Mapping[str, str] | None = None, fds: Sequence[int] = ()) -> bytes:
    """Return what it printed; `variables` come on top of the environment, `fds` stay open."""
    need(command[0])
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=environment(variables),
        pass_fds=fds,
    )
    if done.returncode:
        raise Ended(command, done.stderr.decode(errors="replace"), done.returncode)
    return done.stdout


def stream(
    *commands: Command,
    source: IO[bytes] | None = None,
    variables: Mapping[str, str] | None = None,
    fds: Sequence[int] = (),
) -> Iterator[bytes]:
    """Yield what comes out of a pipeline; raise `Ended` after the last byte when any of it ended badly.

    Whoever stops reading ends them all.
    """
    with ExitStack() as ended:
        running: list[_Program] = []
        flow = source
        for command in commands:
            running.append(ended.enter_context(_Program(command, flow or subprocess.DEVNULL, variables, fds)))
            if flow:
                flow.close()  # the program has it now, alone: the one before feels it when this one goes away
            flow = running[-1].output
        while flow and (chunk := flow.read(_CHUNK_BYTES)):
            yield chunk
        # When one ends badly, those before it are cut off: it is the last of them that knows why.
        for program in reversed(running):
            program.finish()


def feed(command: Command, chunks: Iterable[bytes], variables: Mapping[str, str] | None = None) -> None:
    """Hand the chunks to a program; when they break off it is ended, and never takes them for the whole."""
    with _Program(command, subprocess.PIPE, variables, to=subprocess.DEVNULL) as program:
        with suppress(BrokenPipeError):  # then it has said why
            program.input.writelines(chunks)
            program.input.close()
        program.finish()


class _Program:
    """One that runs, until the end of the block at the latest."""

    def __init__(
        self,
        command: Command,
        source: IO[bytes] | int,
        variables: Mapping[str, str] | None = None,
        fds: Sequence[int] = (),
        to: int = subprocess.PIPE,
    ) -> None:
        self._command, self._words = command, held([])
        self._process = process = subprocess.Popen(
            command,
            stdin=source,
            stdout=to,
            stderr=self._words,
            env=environment(variables),
            pass_fds=fds,
        )
        self.input, self.output = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)

    def finish(self) -> None:
        """Wait for its end; raise `Ended` on a bad one."""
        if status := self._process.wait():
            self._words.seek(0)
            raise Ended(self._command, self._words.read().decode(errors="replace"), status)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in filter(None, (self.input, self.output, self._words)):
            with suppress(BrokenPipeError):
                pipe.close()


def _reason(command: Command, said: str, code: int) -> str:
    """Return the first line that speaks of an error, else the last; what follows in psql's repeats what rows hold."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [f"exit code {code}"]
    line = next((line for line in lines if re.search(r"\b(error|fatal|failed)\b", line, re.IGNORECASE)), lines[-1])
    # Dates that rclone puts before its lines, and the names with which the others begin theirs.
    line = re.sub(rf"^(\d{{4}}/\d\d/\d\d [\d:]+ )?({re.escape(command[0])}: )?((error|fatal): )?", "", line)
    return f"{command[0]}: {line}"
