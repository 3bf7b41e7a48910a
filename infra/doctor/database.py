"""The database itself, for whoever has its address: that it is what this clone's migrations and portraits make."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from infra.doctor import machine, policies
from infra.doctor.finding import Finding
from infra.local.matrix import Connection, connect
from infra.local.policies import MIGRATIONS, ROOT
from infra.local.settings import Unfit, read

# Who registers was invited; an address stays, and a person goes, with the sign-in.
ON_USERS = frozenset({"email_stays", "invited_only", "invited_take_their_seat", "persons_go_with_their_sign_in"})

_TRIGGERS = """
  select t.tgname
  from pg_trigger as t
  where t.tgrelid = 'auth.users'::regclass
    and t.tgfoid::regproc::text like 'private.%'
    and t.tgenabled <> 'D'
"""
_FOR_ANYBODY = """
  select p.oid::regprocedure::text
  from pg_proc as p
  where p.pronamespace = 'api'::regnamespace
    and has_function_privilege('anon', p.oid, 'execute')
  order by 1
"""


def findings(now: datetime) -> Iterator[Finding]:
    """Yield all that is wrong, or that there is no address to look at."""
    try:
        with connect(read()) as db:
            yield from of_migrations(db)
            yield from of_rights(db)
            yield from of_sign_up(db)
            told = db.execute("select clock_timestamp()").fetchone()
            yield from machine.of_clock("the database's", told[0], now) if told else ()
    except Unfit as error:
        yield Finding("database", mend=f"migrations, policies and triggers were not looked at: {error}")


def of_migrations(db: Connection, root: Path = ROOT) -> Iterator[Finding]:
    """Yield that database and clone are not of one release."""
    here = {path.name.partition("_")[0] for path in (root / MIGRATIONS).glob("*.sql")}
    there = {
        version for (version,) in db.execute("select version from supabase_migrations.schema_migrations").fetchall()
    }
    if missing := sorted(here - there):
        mend = "a deployment of this release applies them, and so does `supabase db push --db-url`"
        yield Finding("database", f"{len(missing)} migrations are missing, the first is {missing[0]}", mend)
    if unknown := sorted(there - here):
        mend = "check out the release that runs: this clone is older than the database"
        yield Finding("database", f"it has {len(unknown)} migrations that this clone has not", mend)


def of_rights(db: Connection, root: Path = ROOT) -> Iterator[Finding]:
    """Yield what somebody may by now who may not by the migrations."""
    for line in policies.findings(db, root):
        yield Finding("database", line, "take back what was changed by hand, by what supabase/policies says")
    for (function,) in db.execute(_FOR_ANYBODY).fetchall():
        yield Finding(
            "database", f"anybody may run {function}", f"revoke execute on function {function} from public, anon"
        )


def of_sign_up(db: Connection) -> Iterator[Finding]:
    """Yield that strangers could register: the trigger on Auth's table is not there, as after a restored dump."""
    there = {name for (name,) in db.execute(_TRIGGERS).fetchall()}
    for name in sorted(ON_USERS - there):
        mend = "create it again as supabase/migrations/…_create_staff_invitations.sql and …_create_removal.sql say"
        yield Finding("database", f"the trigger {name} on auth.users is missing or off", mend)
