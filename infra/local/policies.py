"""`make policies`: brings changed portraits of `supabase/policies/` into one new migration; `--check` only says which.

The Supabase CLI applies nothing but migrations, so a portrait takes effect through its last restatement there.
"""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORTRAITS = "supabase/policies"
MIGRATIONS = "supabase/migrations"

_STAMP = "%Y%m%d%H%M%S"
_HEAD = "-- What supabase/policies says by now; written by `make policies`.\nset lock_timeout = '5s';\n"
_SECTION = re.compile(
    r"^-- portrait: (?P<name>\S+\.sql)\n(?P<text>.*?)^-- end of portrait: (?P=name)$", re.MULTILINE | re.DOTALL
)


def portraits(root: Path) -> dict[str, str]:
    """Return every portrait's text by file name; a file's last blank lines do not count."""
    return {path.name: _text(path).rstrip() + "\n" for path in sorted((root / PORTRAITS).glob("*.sql"))}


def restatements(root: Path) -> dict[str, str]:
    """Return the newest restatement of every portrait, by file name."""
    diary = sorted((root / MIGRATIONS).glob("*.sql"))
    return {found["name"]: found["text"] for path in diary for found in _SECTION.finditer(_text(path))}


def changed(root: Path) -> dict[str, str]:
    """Return the portraits that say something else than the migrations do."""
    said = restatements(root)
    return {name: text for name, text in portraits(root).items() if said.get(name) != text}


def restate(root: Path, now: datetime) -> Path | None:
    """Write the migration that restates every changed portrait; None when there is nothing to restate."""
    sections = [f"\n-- portrait: {name}\n{text}-- end of portrait: {name}\n" for name, text in changed(root).items()]
    if not sections:
        return None
    path = root / MIGRATIONS / f"{_later_than_all(root, now):{_STAMP}}_restate_policies.sql"
    path.write_text(_HEAD + "".join(sections), encoding="utf-8")
    return path


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Restate, or with `--check` only compare; return the exit code."""
    if unknown := set(arguments) - {"--check"}:
        print(f"unknown argument {', '.join(sorted(unknown))}; the only one is --check", file=sys.stderr)
        return 2
    stale = ", ".join(changed(root))
    if "--check" in arguments:
        if stale:
            print(f"{stale}: newer than the last restatement; run `make policies` and commit what it writes")
        return 1 if stale else 0
    path = restate(root, datetime.now(UTC))
    print(f"wrote {path.relative_to(root)}: {stale}" if path else "nothing to restate")
    return 0


def _later_than_all(root: Path, now: datetime) -> datetime:
    """The CLI refuses a migration older than one it has applied, and a colleague's clock may be ahead."""
    newest = max((path.name[:14] for path in (root / MIGRATIONS).glob("*.sql")), default="")
    if not newest:
        return now
    return max(now, datetime.strptime(newest, _STAMP).replace(tzinfo=UTC) + timedelta(seconds=1))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
