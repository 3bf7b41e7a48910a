"""`python -m infra.deploy.environment FILE FOLDER [NAME=VALUE …]`: one file of variables becomes one for each process.

FILE has a line `NAME=value` for each variable, as `.env.example`; what follows FOLDER beats it. FOLDER gets `bot.env`,
`jobs.env` and `admin.env`, each with what that process may know, as systemd's EnvironmentFile wants it. Should some not
start with their share, a line for each says why, and nothing is written.
"""

import os
import sys
from pathlib import Path

from dotenv import dotenv_values

from infra.deploy.settings import shares


def main(arguments: list[str]) -> None:
    """Write the shares, readable by their owner alone."""
    match arguments:
        case [file, folder, *more] if Path(file).is_file() and all("=" in one for one in more):
            given = {name: value for name, value in dotenv_values(Path(file), interpolate=False).items() if value}
            given |= dict(one.split("=", 1) for one in more)
            for process, own in shares(given).items():
                _write(Path(folder) / f"{process}.env", own)
        case _:
            sys.exit("usage: python -m infra.deploy.environment FILE FOLDER [NAME=VALUE ...]")


def _write(path: Path, own: dict[str, str]) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}={_quoted(value)}\n" for name, value in own.items())
    fresh.replace(path)


def _quoted(value: str) -> str:
    """In double quotes, where systemd, as a shell, leaves alone all but four signs."""
    for sign in '\\"`$':
        value = value.replace(sign, f"\\{sign}")
    return f'"{value}"'


if __name__ == "__main__":
    main(sys.argv[1:])
