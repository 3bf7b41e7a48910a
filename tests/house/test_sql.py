"""What a migration must say, as far as text can show; squawk looks at locks, tests/sql at the catalogue."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.house.sql import MIGRATIONS, POLICIES, code, statements
from tests.house.tree import Rule, Tree, keep, objections

VERBS = (
    "add|alter|backfill|create|drop|enable|fix|grant|index|let|merge|move|partition|remove|rename|replace|restate|"
    "revoke|set|split|validate|widen"
)
KEYWORDS = (
    "ALTER|AND|AS|BEGIN|BY|CASE|CHECK|CREATE|DELETE|DROP|ELSE|END|EXECUTE|EXISTS|FOR|FROM|FUNCTION|GRANT|GROUP|IN|"
    "INSERT|INTO|IS|JOIN|LANGUAGE|NOT|NULL|ON|OR|ORDER|POLICY|RETURNS|REVOKE|SELECT|SET|TABLE|THEN|TO|TRIGGER|UPDATE|"
    "USING|VALUES|VIEW|WHEN|WHERE|WITH"
)
CAPITALS = re.compile(rf"\b(?:{KEYWORDS})\b")
NEW_TABLE = re.compile(r"create table (?:if not exists )?(public\.\w+)(?P<partition>\s+partition of)?")
NEW_FUNCTION = re.compile(r"create (?:or replace )?function (\w+\.\w+)")
NEW_VIEW = re.compile(r"create (?:or replace )?(materialized )?view (api\.\w+)(.*)", re.DOTALL)
SMALL_ID = re.compile(r"^\s*(?:add column )?((?:\w+_)?id) (?:int|integer|int4|smallint|int2|serial)\b", re.MULTILINE)


def misnamed_migrations(tree: Tree) -> Iterator[str]:
    stamps: dict[str, str] = {}
    for file in tree.texts(".sql", under=(MIGRATIONS,)):
        found = re.fullmatch(r"(\d{14})_([a-z]+)_[a-z0-9_]+\.sql", file.name)
        if not found:
            yield f"{file.path}: not YYYYMMDDHHMMSS_verb_object.sql"
            continue
        if not _is_instant(found[1]):
            yield f"{file.path}: {found[1]} is no instant"
        if found[2] not in VERBS.split("|"):
            yield f"{file.path}: starts with {found[2]}, not with a verb of this list"
        if (other := stamps.setdefault(found[1], file.name)) != file.name:
            yield f"{file.path}: same instant as {other}, so their order is left to chance"


def _is_instant(stamp: str) -> bool:
    try:
        datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def unbounded_waits(tree: Tree) -> Iterator[str]:
    firsts: dict[str, str] = {}
    for statement in statements(tree, MIGRATIONS):
        firsts.setdefault(statement.file.path, statement.words.strip())
    yield from (path for path, first in firsts.items() if first != "set lock_timeout = '5s';")


def open_tables(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(MIGRATIONS,)):
        plain = code(file.text)
        for table in NEW_TABLE.finditer(plain):
            name = re.escape(table[1])
            if not re.search(rf"alter table {name}\s+enable row level security;", plain):
                yield f"{file.at(table.start())} {table[1]}: no `enable row level security` in this file"
            rights = rf"\b(?:grant|revoke)\b[^;()]*\s{name}\b[^;]*;"
            if not table["partition"] and not re.search(rights, _without_column_lists(plain)):
                yield f"{file.at(table.start())} {table[1]}: no grant (or revoke) in this file"


def _without_column_lists(plain: str) -> str:
    """`grant update (a, b) on t` becomes `grant update  on t`."""
    return re.sub(r"\([^()]*\)", "", plain)


def rights_of_strangers(tree: Tree) -> Iterator[str]:
    for statement in statements(tree, MIGRATIONS):
        if re.search(r"\bgrant\b.*\bto\b[^;]*\b(?:anon|public)\b(?!\.)", statement.code, re.DOTALL):
            yield f"{statement.where} {' '.join(statement.code.split())}"


def careless_functions(tree: Tree) -> Iterator[str]:
    for statement in statements(tree, MIGRATIONS):
        if not (found := NEW_FUNCTION.search(statement.code)):
            continue
        where = f"{statement.where} {found[1]}"
        sentences = re.findall(r"/\*(.*?)\*/", statement.text, re.DOTALL)
        # A body that is no quoted text is bound to its names when it is made.
        is_bound = re.search(r"\breturn\b|\bbegin atomic\b", statement.code)
        if not re.search(r"\bset search_path = ''", statement.words) and not is_bound:
            yield f"{where}: no `set search_path = ''`; a caller's path could slip other tables under these names"
        if not any(re.search(r"\w[^.]*\.", sentence) for sentence in sentences):
            yield f"{where}: no /* sentence. */ that says what it is for"
        if "security definer" in statement.code and "definer" not in "".join(sentences).lower():
            yield f"{where}: runs with its owner's rights; its /* comment */ owes the excuse (and the word definer)"


def views_as_owner(tree: Tree) -> Iterator[str]:
    for statement in statements(tree):
        if (found := NEW_VIEW.search(statement.code)) and (
            found[1] or not re.match(r"\s+with \(security_invoker = true\)", found[3])
        ):
            yield f"{statement.where} {found[2]}"


def small_ids(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(MIGRATIONS,)):
        for found in SMALL_ID.finditer(code(file.text)):
            yield f"{file.at(found.start(1))} {found[1]}"


def shouting(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(MIGRATIONS, POLICIES, "supabase/seed.sql")):
        for found in CAPITALS.finditer(code(file.text)):
            yield f"{file.at(found.start())} {found[0]}"
        for found in re.finditer("\t", file.text):
            yield f"{file.at(found.start())} a tab"


def test_a_migration_is_named_by_instant_and_verb() -> None:
    keep(misnamed_migrations, f"The diary is read by its file names, in order. Verbs: {VERBS}.")


def test_a_migration_waits_for_locks_5_seconds_at_most() -> None:
    keep(unbounded_waits, "Who waits for a lock holds up all behind. Begin with `set lock_timeout = '5s';`.")


def test_a_table_is_born_closed() -> None:
    keep(open_tables, "A new table is closed to all, and the same file says who may touch it (hosted grants nothing).")


def test_strangers_are_granted_nothing() -> None:
    keep(rights_of_strangers, "`anon` reads nothing at all, and `public` includes it. Grant to a role that signs in.")


def test_a_function_says_its_path_its_purpose_and_its_excuse() -> None:
    keep(careless_functions, "Functions outlive the page they were written on.")


def test_a_served_view_runs_as_its_reader() -> None:
    keep(views_as_owner, "Else it shows all to everybody: `create view api.x with (security_invoker = true) as`.")


def test_ids_never_run_out() -> None:
    keep(small_ids, "Telegram's ids pass 2^31. An id is bigint or uuid.")


def test_sql_is_written_in_lower_case_without_tabs() -> None:
    keep(shouting, "One way to write it, so that `git grep` finds it.")


M = MIGRATIONS + "20260101000000_create_users.sql"
TABLE = "create table public.users (id uuid);\nalter table public.users enable row level security;\n"
FUNCTION = "create function api.f() returns int language sql set search_path = ''"
BAD = [
    (misnamed_migrations, {MIGRATIONS + "20260101_create_users.sql": ""}),
    (misnamed_migrations, {MIGRATIONS + "20261301000000_create_users.sql": ""}),
    (misnamed_migrations, {MIGRATIONS + "20260101000000_users_table.sql": ""}),
    (misnamed_migrations, {M: "", MIGRATIONS + "20260101000000_create_chats.sql": ""}),
    (unbounded_waits, {M: "create schema api;"}),
    (unbounded_waits, {M: "-- set lock_timeout = '5s';\ncreate schema api;"}),
    (open_tables, {M: "create table public.users (id uuid);\ngrant select on public.users to authenticated;"}),
    (open_tables, {M: TABLE}),
    (open_tables, {M: TABLE + "grant select on public.users_old to authenticated;"}),
    (open_tables, {M: TABLE + "-- grant select on public.users to authenticated;"}),
    (open_tables, {M: "create table public.a_2026 partition of public.a default;"}),
    (rights_of_strangers, {M: "grant select on public.users to authenticated, anon;"}),
    (rights_of_strangers, {M: "grant execute on function api.f() to public;"}),
    (careless_functions, {M: "create function api.f() returns int language sql as $$ /* One. */ select 1; $$;"}),
    (careless_functions, {M: FUNCTION + " as $$ select 1 $$;"}),
    (careless_functions, {M: FUNCTION + " security definer as $$ /* One. */ select 1 $$;"}),
    (views_as_owner, {M: "create view api.users as select 1;"}),
    (views_as_owner, {M: "create or replace view api.users with (security_barrier = true) as select 1;"}),
    (views_as_owner, {M: "create materialized view api.users with (security_invoker = true) as select 1;"}),
    (small_ids, {M: "create table public.a (\n  telegram_id int\n);"}),
    (shouting, {M: "SELECT 1;"}),
    (shouting, {M: "create function api.f() as $$ select 1 WHERE true $$;"}),
    (shouting, {POLICIES + "users.sql": "\tselect 1;"}),
]


@pytest.mark.parametrize(("rule", "files"), BAD)
def test_the_sql_rules_bite(rule: Rule, files: dict[str, str]) -> None:
    assert len(objections(rule, files)) == 1


GOOD = f"""-- People.
set lock_timeout = '5s';
{TABLE}grant select, update (full_name, locale) on public.users to authenticated;
create table public.a_2026 partition of public.a default;
alter table public.a_2026 enable row level security;
comment on table public.users is 'SELECT it; never DELETE "FROM" it';
{FUNCTION} security definer as $$
/* Runs as its definer, because; the caller may not. */
  select 'it''s'; select 2;
$$;
create function api.f() returns int language sql
/* One. */
return 1;
create view api.users with (security_invoker = true) as
select u.id from public.users as u;
"""


def test_the_sql_rules_let_good_sql_pass() -> None:
    for rule in {rule for rule, _ in BAD}:
        assert not objections(rule, {M: GOOD}), rule
