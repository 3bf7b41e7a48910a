"""`supabase/policies/` is the portrait of row-level security: one file per table, whole, readable by an auditor."""

import re
from collections.abc import Iterator

import pytest

from infra.local.policies import ROOT, changed
from tests.house.sql import MIGRATIONS, POLICIES, Statement, code, statements
from tests.house.test_sql import NEW_TABLE
from tests.house.tree import Rule, Tree, keep, objections

VERBS = ("select", "insert", "update", "delete")
ROLES = ("admin", "manager", "accountant", "observer", "service role", "anon")
SECTION = re.compile(r"^-- portrait: (\S+)\n.*?^-- end of portrait: \1$", re.MULTILINE | re.DOTALL)
OWN = r"\s*(?:create policy\s+on|comment on policy\s+on) public\.{table}\b"


def tables(tree: Tree) -> set[str]:
    """Return the tables of `public` that the migrations leave behind; partitions share their parent's portrait."""
    found: set[str] = set()
    for statement in statements(tree, MIGRATIONS):
        if (table := NEW_TABLE.match(statement.code.strip())) and not table["partition"]:
            found.add(table[1].removeprefix("public."))
        elif gone := re.match(r"drop table (?:if exists )?public\.(\w+)", statement.code.strip()):
            found.discard(gone[1])
        elif moved := re.match(r"alter table public\.(\w+) rename to (\w+)", statement.code.strip()):
            found ^= {moved[1], moved[2]}
    return found


def portraits_and_tables_apart(tree: Tree) -> Iterator[str]:
    drawn = {file.name.removesuffix(".sql") for file in tree.texts(".sql", under=(POLICIES,))}
    real = tables(tree)
    yield from (f"public.{table}: no {POLICIES}{table}.sql" for table in real - drawn)
    yield from (f"{POLICIES}{table}.sql: no such table" for table in drawn - real)


def missing_matrices(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(POLICIES,)):
        lines = re.findall(r"^-- (.*\|.*)$", _opening(file.text), re.MULTILINE)
        cells = [[cell.strip() for cell in line.split("|")] for line in lines]
        if not cells or cells[0][1:] != list(VERBS):
            yield f"{file.path}: no line `-- | {' | '.join(VERBS)}` in the comment it opens with"
        elif (rows := tuple(row[0] for row in cells[1:])) != ROLES or any(len(row) != 5 for row in cells):
            yield f"{file.path}: rows are {', '.join(rows) or 'missing'}, not {', '.join(ROLES)} with four cells each"


def _opening(text: str) -> str:
    return text[: len(text) - len(code(text).lstrip())]


def partial_portraits(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(POLICIES,)):
        table = file.name.removesuffix(".sql")
        said = [*statements(Tree({file.path: file.text}))]
        drop = f"select private.drop_policies('public.{table}');"
        if not said or said[0].words.strip() != drop:
            yield f"{file.path}: does not begin with `{drop}`, so a policy added by hand would survive it"
        for statement in said[1:]:
            if not re.match(OWN.format(table=table), statement.code):
                yield f"{statement.where} says more than the policies of public.{table}"


def vague_policies(tree: Tree) -> Iterator[str]:
    for statement in statements(tree, POLICIES):
        if "create policy" in statement.code:
            yield from (f"{statement.where} {fault}" for fault in _faults(statement))


def _faults(statement: Statement) -> Iterator[str]:
    if not re.search(r'create policy "[^"]+ [^"]+ [^"]+"', statement.words):
        yield 'its name is no sentence: create policy "accountants read the requests of their own chats"'
    if not re.search(rf"\sfor (?:{'|'.join(VERBS)})\b", statement.code):
        yield "names no single verb (for select, insert, update or delete)"
    if not re.search(r"\sto (?:authenticated|service_role)\b", statement.code):
        yield "names no role (to authenticated)"
    for call in re.finditer(r"(?<!select )\b(?:auth|private)\.\w+\(\)", statement.code):
        yield f"asks {call[0]} once per row; (select {call[0]}) asks once"


def policies_outside_portraits(tree: Tree) -> Iterator[str]:
    for file in tree.texts(".sql", under=(MIGRATIONS,)):
        plain = code(SECTION.sub(lambda section: re.sub(r"[^\n]", " ", section[0]), file.text))
        for found in re.finditer(r"\b(?:create|alter|drop) policy\b", plain):
            yield f"{file.at(found.start())} {found[0]}"


def test_every_table_has_its_portrait() -> None:
    keep(portraits_and_tables_apart, "One policy file per table: who asks who may what opens the file of that name.")


def test_a_portrait_opens_with_its_matrix() -> None:
    keep(missing_matrices, "An auditor reads the comment: a table of roles (rows) and verbs (columns), before any SQL.")


def test_a_portrait_is_whole_and_of_one_table() -> None:
    keep(partial_portraits, "A portrait drops every policy of its table, then states the whole truth about it.")


def test_a_policy_is_a_sentence_about_one_verb_and_one_role() -> None:
    keep(vague_policies, "A policy is read in an incident: name it in words, one operation, one role, asked once.")


def test_policies_live_in_portraits_only() -> None:
    keep(policies_outside_portraits, "The next restatement drops it. State it in supabase/policies, `make policies`.")


def test_every_portrait_is_restated_in_a_migration() -> None:
    keep(
        lambda _: iter(changed(ROOT)),
        "The database obeys migrations, not portraits. Run `make policies` and commit what it writes.",
    )


MATRIX = f"--  | {' | '.join(VERBS)}\n" + "".join(f"-- {role} | a | b | – | –\n" for role in ROLES)
DROP = "select private.drop_policies('public.users');\n"
POLICY = 'create policy "people read each other" on public.users for select to authenticated using (true);\n'
P = POLICIES + "users.sql"
M = MIGRATIONS + "20260101000000_create_users.sql"
BAD = [
    (portraits_and_tables_apart, {M: "create table public.users (id uuid);"}),
    (portraits_and_tables_apart, {P: ""}),
    (portraits_and_tables_apart, {M: "create table public.users (id uuid);\ndrop table public.users;", P: ""}),
    (missing_matrices, {P: DROP + MATRIX}),
    (missing_matrices, {P: MATRIX.replace("update", "change") + DROP}),
    (missing_matrices, {P: MATRIX.replace("-- observer | a | b | – | –\n", "") + DROP}),
    (missing_matrices, {P: MATRIX.replace("-- anon | a | b | – | –", "-- anon | a | b | –") + DROP}),
    (partial_portraits, {P: MATRIX + POLICY}),
    (partial_portraits, {P: MATRIX + DROP.replace("users", "chats") + POLICY}),
    (partial_portraits, {P: MATRIX + DROP + POLICY.replace("users", "chats")}),
    (partial_portraits, {P: MATRIX + DROP + "grant select on public.users to authenticated;"}),
    (vague_policies, {P: POLICY.replace("people read each other", "users_select")}),
    (vague_policies, {P: POLICY.replace("for select", "for all")}),
    (vague_policies, {P: POLICY.replace("to authenticated ", "")}),
    (vague_policies, {P: POLICY.replace("true", "id = auth.uid()")}),
    (vague_policies, {P: POLICY.replace("(true)", "(private.role() = 'admin')")}),
    (policies_outside_portraits, {M: POLICY}),
    (policies_outside_portraits, {M: "drop policy a on public.users;"}),
]


@pytest.mark.parametrize(("rule", "files"), BAD)
def test_the_portrait_rules_bite(rule: Rule, files: dict[str, str]) -> None:
    assert objections(rule, files)


def test_the_portrait_rules_let_a_good_portrait_pass() -> None:
    portrait = MATRIX + "-- Colleagues.\n\n" + DROP + POLICY.replace("true", "(select private.role()) is not null")
    diary = f"create table public.users (id uuid);\n-- portrait: users.sql\n{portrait}-- end of portrait: users.sql\n"
    for rule in {rule for rule, _ in BAD}:
        assert not objections(rule, {P: portrait, M: diary}), rule
