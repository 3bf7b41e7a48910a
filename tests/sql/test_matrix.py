"""`make matrix` and `make doctor`: they tell the truth of the living database, and name what was done to it by hand."""

import pytest

from infra.doctor.policies import findings
from infra.local.matrix import ROLES, VERBS, differences, drawing, live, promised
from tests.sql.firm import Connection, one, tables

PROMISED = promised()
# «Who may what» of the design, as far as verbs on tables say it: admin, manager, accountant, observer, service, anon.
# Acts on windows and alerts, inviting people and reading votes are functions, whoever has the right to them.
DESIGN = {
    "users": "S–U– S–u– S–u– S––– SIUD ––––",
    "chats": "SIUD S–U– s––– s––– SIUD ––––",
    "clients": "SIUD S–U– s––– S––– SIUD ––––",
    "chat_messages": "S––– S––– s––– –––– SI–– ––––",
    "client_requests": "S––– S––– s––– S––– SIUD ––––",
    "sla_alerts": "S––– S––– s––– S––– SIUD ––––",
    "feedback_responses": "–––– –––– –––– –––– SI–– ––––",
    "templates": "SIUD SIUD S––– S––– S––– ––––",
    "faq_items": "SIUD SIUD S––– S––– S––– ––––",
    "working_schedules": "SIUD SIUD S––– S––– S––– ––––",
    "working_intervals": "SIUD SIUD S––– S––– S––– ––––",
    "calendar_exceptions": "SIUD SIUD S––– S––– S––– ––––",
    "sla_policies": "SIUD S––– S––– S––– S––– ––––",
    "settings": "S–U– S––– S––– S––– S–U– ––––",
    "chat_invitations": "SIUD siud –––– –––– SIUD ––––",
    "staff_invitations": "S––– s––– –––– –––– SIUD ––––",
    "chat_segments": "SIUD siud –––– –––– SIUD ––––",
    "broadcasts": "SIUD siud –––– –––– SIUD ––––",
    "audit_log": "S––– s––– s––– –––– –––– ––––",
    "error_log": "S––– s––– s––– –––– –I–– ––––",
}


def test_i2_the_matrix_of_the_database_is_that_of_the_portraits(db: Connection) -> None:
    assert list(differences(PROMISED, live(db))) == []


def test_every_table_is_in_the_matrix_with_every_role_and_verb(db: Connection) -> None:
    assert sorted(PROMISED) == sorted((table, role, verb) for table in tables(db) for role in ROLES for verb in VERBS)


def test_make_matrix_draws_a_line_for_each_table(db: Connection) -> None:
    lines = {line.split()[0]: line.split()[1:] for line in drawing(live(db)) if line.strip()}
    assert {table: " ".join(lines[table]) for table in DESIGN} == DESIGN
    assert set(tables(db)) <= set(lines)


@pytest.mark.parametrize(
    ("by_hand", "named"),
    [
        (
            "create policy rogue on public.users for update to authenticated using (true)",
            "users: observer may update all",
        ),
        ("grant select on public.outbox to authenticated", None),
        ("grant delete on public.users to anon", "users: anon may delete some"),
        ("alter table public.chats disable row level security", "chats: observer may select all"),
        (
            "create policy narrow on public.users as restrictive for select to authenticated using (active)",
            "users: admin may select some",
        ),
    ],
)
def test_what_is_changed_by_hand_shows_in_the_matrix(db: Connection, by_hand: str, named: str | None) -> None:
    db.execute(by_hand.encode())
    wrong = list(differences(PROMISED, live(db)))
    assert any(named in line for line in wrong) if named else wrong == []


def test_i3_the_doctor_finds_nothing_when_all_is_well(db: Connection) -> None:
    assert list(findings(db)) == []


@pytest.mark.parametrize(
    ("by_hand", "named"),
    [
        ("create policy rogue on public.clients for all to authenticated using (true)", '"rogue" is in no portrait'),
        ('drop policy "admins delete clients" on public.clients', "in the portrait and not in the database"),
        (
            'alter policy "admins delete clients" on public.clients using (true)',
            '"admins delete clients" says something else than the portrait',
        ),
        ("alter table public.clients disable row level security", "public.clients: row security is off"),
        ("create table public.night (id bigint)", "public.night: row security is off"),
    ],
)
def test_i3_the_doctor_names_what_was_done_by_hand(db: Connection, by_hand: str, named: str) -> None:
    db.execute(by_hand.encode())
    assert any(named in line for line in findings(db))


def test_the_doctor_leaves_nothing_behind(db: Connection) -> None:
    list(findings(db))
    assert one(db, "select to_regnamespace('portraits_on_trial')") is None
