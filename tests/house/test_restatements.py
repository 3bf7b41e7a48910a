"""`make policies` restates what changed, once and whole, and says when there is nothing to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.policies import changed, main, portraits, restate, restatements

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
USERS = "-- Who may what.\nselect private.drop_policies('public.users');\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one portrait that no migration has stated yet."""
    (tmp_path / "supabase/policies").mkdir(parents=True)
    (tmp_path / "supabase/migrations").mkdir()
    (tmp_path / "supabase/policies/users.sql").write_text(USERS)
    return tmp_path


def diary(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "supabase/migrations").iterdir())


def test_a_changed_portrait_is_restated_whole(root: Path) -> None:
    path = restate(root, NOW)
    assert path and path.name == "20260101120000_restate_policies.sql"
    assert "\nset lock_timeout = '5s';\n" in path.read_text()
    assert f"-- portrait: users.sql\n{USERS}-- end of portrait: users.sql\n" in path.read_text()
    assert restatements(root) == portraits(root)


def test_an_unchanged_portrait_is_not_restated(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    restate(root, NOW)
    assert main([], root) == 0
    assert capsys.readouterr().out == "nothing to restate\n"
    assert len(diary(root)) == 1


def test_one_migration_carries_all_that_changed_and_nothing_else(root: Path) -> None:
    (root / "supabase/policies/chats.sql").write_text("-- Chats.\n")
    restate(root, NOW)
    for name in ("chats", "clients"):
        (root / f"supabase/policies/{name}.sql").write_text(f"-- {name}, again.\n")
    second = restate(root, NOW)
    assert second and len(diary(root)) == 2
    assert "users.sql" not in second.read_text()
    assert restatements(root) == portraits(root)


def test_going_back_to_an_older_text_is_a_change(root: Path) -> None:
    restate(root, NOW)
    portrait = root / "supabase/policies/users.sql"
    portrait.write_text(USERS + "-- more\n")
    restate(root, NOW)
    portrait.write_text(USERS)
    assert changed(root) == {"users.sql": USERS}


def test_a_restatement_is_later_than_every_migration(root: Path) -> None:
    (root / "supabase/migrations/20260101235959_create_users.sql").write_text("")
    path = restate(root, NOW)
    assert path and path.name == "20260102000000_restate_policies.sql"


def test_a_portrait_without_a_last_newline_settles_too(root: Path) -> None:
    (root / "supabase/policies/users.sql").write_text(USERS.rstrip())
    restate(root, NOW)
    assert changed(root) == {}


def test_the_check_names_the_stale_portrait_and_writes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], root) == 1
    assert "users.sql" in capsys.readouterr().out
    assert diary(root) == []
    restate(root, NOW)
    assert main(["--check"], root) == 0


def test_an_unknown_argument_is_refused(root: Path) -> None:
    assert main(["--chekc"], root) == 2
    assert diary(root) == []
