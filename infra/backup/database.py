"""One Postgres database, asked through psql: a stack's, a Supabase project's, or a trial's."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from infra.backup import programs
from infra.backup.faults import Busy, Unfit
from infra.backup.settings import environment

# Our schemas whole, and of Auth's the rows by which people sign in. Its sessions stay behind: nobody shall be signed in
# by a ticket that was torn up since.
OURS = ("public", "private", "api", "supabase_migrations")
SIGN_IN = ("users", "identities", "mfa_factors")
EXTENSIONS = ("btree_gist", "pg_trgm")

_FACTS = Path(__file__).with_name("facts.sql")
_PSQL = ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--set=ON_ERROR_STOP=1"]
_OPEN = """
  begin transaction isolation level repeatable read read only;
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
"""
# Of the database itself, so that it also holds between machines, and is gone with whoever held it.
_LOCK = "select pg_try_advisory_xact_lock(hashtext('buhbot backup'))"
_COUNTS = f"""
  select format('select %L, count(*) from only %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind = 'r'
    and (n.nspname in {OURS} or n.nspname = 'auth' and c.relname in {SIGN_IN})
  order by n.nspname, c.relname
  \\gexec
"""
_OTHER_AUTH = f"""
  select c.relname from pg_class as c
  where c.relnamespace = 'auth'::regnamespace and c.relkind in ('r', 'p') and c.relname not in {SIGN_IN}
"""
# The processes ask through PostgREST all the time, and it asks as this role.
_ASKED = """
  select count(*) from pg_stat_activity as a
  where a.usename = 'authenticator' and a.state_change > now() - interval '10 seconds' and a.query not ilike 'listen%'
"""
_HOLDS = f"""
  select exists (
    select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in {OURS} and c.relkind in ('r', 'p', 'v')
  ) or exists (select from auth.users)
"""
# The archive's facts cannot be asked for where the migrations never came this far.
_IS_NEW = """
  select not exists (
    select from pg_proc as p where p.pronamespace = to_regnamespace('api') and p.proname = 'verify_audit'
  )
"""


@dataclass(frozen=True)
class Facts:
    """What a database holds: rows by table, what its schemas are by kind, and how the audit chain stands.

    `anchor` is the chain's last seal, `<number>:<hash>`; `audit_fault` says what does not fit in it, if anything.
    """

    counts: dict[str, int]
    inventory: dict[str, str]
    anchor: str
    audit_fault: str | None

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @classmethod
    def load(cls, text: bytes) -> Self:
        """Read what `dump` wrote."""
        return cls(**json.loads(text))

    def dump(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    def differences(self, copy: "Facts") -> Iterator[str]:
        """Yield what a copy has not, or has too much."""
        for table in sorted({*self.counts, *copy.counts}):
            had, has = self.counts.get(table), copy.counts.get(table)
            if had != has:
                yield f"{table} has {has if has is not None else 'no'} rows, {had} in the archive"
        for kind in sorted({*self.inventory, *copy.inventory}):
            if self.inventory.get(kind) != copy.inventory.get(kind):
                yield f"{kind} are not those of the archive"


class Database:
    """Named by a URL; its password reaches the programs by their environment, where nobody else reads it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.scheme.startswith("postgres") or not parts.hostname:
            raise Unfit("the database must be named by a URL, such as postgresql://postgres:…@db.example:5432/postgres")
        bare = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@"))
        self.url = urlunsplit(bare)
        self.variables = {"PGPASSWORD": unquote(parts.password or ""), "PGCONNECT_TIMEOUT": "10"}
        self.name = f"{parts.hostname}:{parts.port or 5432}{parts.path}"

    def ask(self, *queries: str) -> list[str]:
        """Return the lines of the answers."""
        asked = [word for query in queries for word in ("--command", query)]
        return programs.run([*_PSQL, *asked, self.url], self.variables).decode().splitlines()

    def run(self, script: Iterable[bytes]) -> None:
        """Run a script in one transaction: all of it, or nothing when any of it, or of its making, goes wrong."""
        programs.feed([*_PSQL, self.url], _whole(script), self.variables)

    def version(self) -> int:
        """Return the number before the dot."""
        return int(self.ask("show server_version_num")[0]) // 10_000

    def size(self) -> int:
        """Return the bytes that it takes."""
        return int(self.ask("select pg_database_size(current_database())")[0])

    def holds_something(self) -> bool:
        """Return whether there is anything of ours in it."""
        return self.ask(_HOLDS) == ["t"]

    def is_new(self) -> bool:
        """Return whether it waits for its first deployment."""
        return self.ask(_IS_NEW) == ["t"]

    def is_asked(self) -> bool:
        """Return whether somebody works with it."""
        return self.ask(_ASKED) != ["0"]

    def breaks(self, anchor: str) -> bool:
        """Return whether the audit chain does not fit in itself, or to the seal that an anchor names."""
        number, _, digest = anchor.partition(":")
        known = f"{number}, '{digest}'" if digest else "0, null"
        return self.ask(f"select api.verify_audit({known}, false) ->> 'fault' is not null") == ["t"]

    @contextmanager
    def snapshot(self) -> Iterator["Snapshot"]:
        """Hold one moment of it."""
        session = subprocess.Popen(
            [*_PSQL, self.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(self.variables),
            text=True,
        )
        try:
            yield Snapshot(self, session)
        finally:
            session.kill()
            session.communicate()


class Snapshot:
    """A moment of a database, for as many readers as want it."""

    def __init__(self, database: Database, session: subprocess.Popen[str]) -> None:
        self._database, self._session = database, session
        self.variables = database.variables
        self._pipes = [cast("IO[str]", pipe) for pipe in (session.stdin, session.stdout, session.stderr)]
        (self._id,) = self._ask(_OPEN, "select pg_export_snapshot()")

    def be_alone(self) -> None:
        """Raise `Busy` when another backup of this database is under way; let none begin until this moment is over."""
        if self._ask(_LOCK) != ["t"]:
            raise Busy("another backup of this database is under way")

    def facts(self) -> Facts:
        """Return what it holds."""
        counts = dict(line.rsplit("|", 1) for line in self._ask(_COUNTS))
        (inventory,) = self._ask(_FACTS.read_text(encoding="utf-8"))
        (answer,) = self._ask("select api.verify_audit(0, null, false)")
        seal = json.loads(answer)
        anchor = f"{seal['number']}:{seal['hash']}" if seal["number"] else ""
        rows = {table: int(amount) for table, amount in counts.items()}
        return Facts(rows, json.loads(inventory), anchor, seal["fault"])

    def migration(self) -> str:
        """Return the newest migration that was applied."""
        return self._ask("select max(version) from supabase_migrations.schema_migrations")[0]

    def dump(self) -> list[str]:
        """Return the command that writes it out in pg_dump's custom format."""
        others = [f"--exclude-table-data=auth.{table}" for table in self._ask(_OTHER_AUTH)]
        schemas = [f"--schema={name}" for name in (*OURS, "auth")]
        extensions = [f"--extension={name}" for name in EXTENSIONS]
        moment = f"--snapshot={self._id}"
        return ["pg_dump", "--format=custom", moment, *schemas, *extensions, *others, self._database.url]

    def _ask(self, *queries: str) -> list[str]:
        asked, answers, complaints = self._pipes
        script = "".join(query if query.rstrip().endswith((";", "\\gexec")) else f"{query};" for query in queries)
        with suppress(BrokenPipeError):  # then it has said why
            print(script, "\\echo .", sep="\n", file=asked, flush=True)
        lines: list[str] = []
        for line in answers:
            if line == ".\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise programs.Ended(_PSQL, complaints.read(), self._session.wait())


def _whole(script: Iterable[bytes]) -> Iterator[bytes]:
    yield b"begin;\n"
    yield from script
    yield b"\ncommit;\n"
