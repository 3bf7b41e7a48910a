"""Refusals in words."""

import re
from pathlib import Path

from bot import errors

# Never said to the bot: it sends nothing else than lists, and recipients are chosen by the database alone.
UNSAID = {"updates_are_not_a_list", "alert_to_a_stranger", "audit_is_append_only"}
# Said to the admin, to Auth or to the operator only.
UNSAID |= {"unknown_person", "role_is_unknown", "last_admin", "person_is_needed", "email_is_fixed"}
UNSAID |= {f"invitation_{end}" for end in ("unknown", "used", "revoked", "expired", "is_live", "is_for_another")}
UNSAID |= {"only_exact_counts", "person_is_unknown", "notice_of_nothing"}
UNSAID |= {"person_was_told", "person_is_named", "windows_are_measured_by_it"}
UNSAID |= {"too_many_invitations", "invitations_are_not_a_list"}


def test_every_key_that_sql_refuses_with_has_words() -> None:
    migrations = (Path(__file__).parents[2] / "supabase" / "migrations").glob("*.sql")
    raised = {key for migration in migrations for key in re.findall(r"raise exception '(\w+)'", migration.read_text())}
    assert raised - UNSAID <= errors.REFUSALS.keys()


def test_every_key_has_words_that_fit_a_toast() -> None:
    for key in errors.REFUSALS:
        assert 0 < len(errors.words(key)) <= 200
