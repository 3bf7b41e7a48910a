"""A migration that has run somewhere is history: what it should have said is said by the next one."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.house.sql import MIGRATIONS
from tests.house.tree import Tree, keep, objections, repository

LANDED = Path(__file__).with_name("landed.txt")


def rewritten_history(landed: str, tree: Tree) -> Iterator[str]:
    """Yield what is not as it landed; each line of the list is a hash and a name, as sha256sum writes them."""
    for line in landed.splitlines():
        digest, name = line.split()
        path = f"{MIGRATIONS}{name}"
        if path not in tree.files:
            yield f"{path}: removed or renamed"
        elif sha256(tree.files[path].encode()).hexdigest() != digest:
            yield f"{path}: edited"


def test_landed_migrations_stay_as_they_are() -> None:
    """After a release: `(cd supabase/migrations && sha256sum *.sql) > tests/house/landed.txt`; lines come, none go."""
    keep(
        lambda tree: rewritten_history(LANDED.read_text(), tree),
        "Databases have run these, and will not run them again: put the file back (git checkout origin/main -- …), and"
        " say what changes in a new migration.",
    )


def test_every_migration_is_landed_up_to_the_last_that_is() -> None:
    """None slips in before what has run, or is left out of the list."""
    landed = [line.split()[1] for line in LANDED.read_text().splitlines()]
    names = sorted(file.name for file in repository().texts(".sql", under=(MIGRATIONS,)))
    assert landed == [name for name in names if name <= landed[-1]]


def test_an_edit_and_a_removal_are_seen() -> None:
    kept, edited = "create table a ();\n", "create table b ();\n"
    landed = "".join(f"{sha256(kept.encode()).hexdigest()}  {name}.sql\n" for name in ("1_add_a", "2_add_b", "3_add_c"))
    files = {f"{MIGRATIONS}1_add_a.sql": kept, f"{MIGRATIONS}2_add_b.sql": edited, f"{MIGRATIONS}4_add_d.sql": edited}
    assert objections(lambda tree: rewritten_history(landed, tree), files) == [
        f"{MIGRATIONS}2_add_b.sql: edited",
        f"{MIGRATIONS}3_add_c.sql: removed or renamed",
    ]
