"""Roles, access and removal: the firm always has an admin, and figures outlive people."""

import threading
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
    window,
)
from tests.sql.people import person, sign_up, speaking, token_of
from tests.stack import Stack


def set_role(db: Connection, who: int | UUID, role: str, by: int = ADMIN) -> None:
    with speaking(db, user_id(by)):
        db.execute("select api.set_role(%s, %s)", [who if isinstance(who, UUID) else user_id(who), role])


def set_active(db: Connection, who: int | UUID, *, active: bool, by: int = ADMIN) -> None:
    with speaking(db, user_id(by)):
        db.execute("select api.set_active(%s, %s)", [who if isinstance(who, UUID) else user_id(who), active])


def remove(db: Connection, email: str) -> list[tuple[str, str]]:
    with speaking(db, None):
        return [(row["kind"], row["name"]) for row in all_rows(db, "select * from api.remove_person(%s)", email)]


def test_an_admin_gives_another_role_from_the_next_statement_on(db: Connection) -> None:
    set_role(db, OLGA, "observer")
    with acting_as(db, "accountant"):
        assert one(db, "select private.role()") == "observer"


@pytest.mark.parametrize("by", [PETR, OLGA, MARIA])
def test_nobody_else_changes_roles_or_access(db: Connection, by: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"):
        set_role(db, by, "admin", by=by)
    with pytest.raises(psycopg.Error, match="not_allowed"):
        set_active(db, IVAN, active=False, by=by)


def test_an_unknown_person_or_role_is_refused(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="unknown_person"):
        set_role(db, uuid4(), "admin")
    with pytest.raises(psycopg.Error, match="role_is_unknown"):
        set_role(db, OLGA, "boss")


LOSSES = {
    "demoted": "update public.users set role = 'manager' where role = 'admin'",
    "deactivated": "update public.users set active = false where role = 'admin'",
    "deleted": "delete from public.users where role = 'admin'",
    "removed at Auth": "delete from auth.users where email = 'admin@buhbot.test'",
}


@pytest.mark.parametrize("how", LOSSES)
def test_i8_the_last_admin_stays_whatever_the_statement(db: Connection, how: str) -> None:
    with pytest.raises(psycopg.Error, match="last_admin"), db.transaction():
        db.execute(LOSSES[how].encode())
    assert one(db, "select count(*) from public.users where role = 'admin' and active") == 1


def test_i8_the_last_admin_is_refused_at_every_door(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="last_admin"):
        set_role(db, ADMIN, "observer")
    with pytest.raises(psycopg.Error, match="last_admin"):
        set_active(db, ADMIN, active=False)
    with pytest.raises(psycopg.Error, match="last_admin"):
        remove(db, "admin@buhbot.test")


def test_a_deactivated_admin_does_not_count(db: Connection) -> None:
    set_role(db, PETR, "admin")
    set_active(db, PETR, active=False)
    with pytest.raises(psycopg.Error, match="last_admin"):
        set_active(db, ADMIN, active=False)


def test_one_of_two_admins_may_go(db: Connection) -> None:
    set_role(db, PETR, "admin")
    set_active(db, ADMIN, active=False, by=PETR)
    assert not person(db, user_id(ADMIN))["active"]


def test_i8_of_two_admins_who_demote_each_other_at_once_one_stays(stack: Stack) -> None:
    """The first waits with its change open while the second tries: the second is refused, not let through."""
    url = stack.env["DATABASE_URL"]
    demote = b"update public.users set role = 'manager' where id = %s"
    with (
        psycopg.connect(url, autocommit=True) as operator,
        psycopg.connect(url) as first,
        psycopg.connect(url) as second,
    ):
        operator.execute("update public.users set role = 'admin' where id = %s", [user_id(PETR)])
        refusals: list[str | None] = []

        def demote_the_other() -> None:
            try:
                second.execute(demote, [user_id(ADMIN)])
                second.commit()
            except psycopg.Error as refusal:
                refusals.append(refusal.diag.message_primary)

        first.execute(demote, [user_id(PETR)])
        other = threading.Thread(target=demote_the_other)
        other.start()
        first.commit()
        other.join(20)
        assert refusals == ["last_admin"]
        assert one(operator, "select role from public.users where id = %s", user_id(ADMIN)) == "admin"


def test_b7_a_deactivated_person_is_a_stranger_to_the_bot_at_once(db: Connection) -> None:
    set_active(db, OLGA, active=False)
    with speaking(db, None):
        assert one(db, "select api.greet(%s)", OLGA) is None
    with acting_as(db, "accountant"):
        assert one(db, "select count(*) from api.chats") == 0
    set_active(db, OLGA, active=True)
    with acting_as(db, "accountant"):
        assert one(db, "select count(*) from api.chats") == 2


def test_the_chats_of_whoever_lost_access_are_red_until_they_have_another_owner(db: Connection) -> None:
    set_active(db, OLGA, active=False)
    with acting_as(db, "manager"):
        found = all_rows(
            db, "select state, fix from api.chat_health where \"check\" = 'owner_linked' and chat_id = %s", ROMASHKA
        )
    assert found == [{"state": "red", "fix": "assign_owner"}]


def test_the_team_is_for_those_who_run_the_firm(db: Connection) -> None:
    counts: dict[str, Any] = {}
    for role in ("admin", "manager", "accountant", "observer"):
        with acting_as(db, role):
            counts[role] = one(db, "select count(*) from api.team"), one(db, "select bool_or(may_change) from api.team")
    assert counts == {"admin": (5, True), "manager": (5, False), "accountant": (0, None), "observer": (0, None)}
    with acting_as(db, "manager"):
        assert one(db, "select chats from api.team where id = %s", user_id(OLGA)) == 2


def test_people_are_found_by_a_word_and_come_page_by_page(db: Connection) -> None:
    set_active(db, IVAN, active=False)
    with acting_as(db, "manager"):
        listing = one(db, "select api.list_team()")
        names = [row["full_name"] for row in listing["rows"]]
        assert (listing["total"], names[-1]) == (5, "Иван Кузнецов")
        # Whoever lost access comes last, the others by name.
        assert names[:-1] == sorted(names[:-1])
        paged: list[str] = []
        after = None
        while rows := one(db, "select api.list_team(after => %s, most => 2)", after)["rows"]:
            paged += [row["full_name"] for row in rows]
            last = rows[-1]
            after = Jsonb({"inactive": not last["active"], "name": last["full_name"], "id": last["id"]})
        assert paged == names
        for words in ("ольга ПЕТР", "accountant@buhbot"):
            assert [row["full_name"] for row in one(db, "select api.list_team(%s)", words)["rows"]] == ["Ольга Петрова"]
        assert one(db, "select api.list_team(who => 'inactive')")["total"] == 1
        assert one(db, "select api.list_team(who => 'unlinked')")["total"] == 0
    db.execute(
        "update public.users set unreachable_since = now(), unreachable_because = 'blocked' where id = %s",
        [user_id(OLGA)],
    )
    with acting_as(db, "manager"):
        assert [row["id"] for row in one(db, "select api.list_team(who => 'unlinked')")["rows"]] == [str(user_id(OLGA))]
    with acting_as(db, "accountant"):
        assert one(db, "select api.list_team()") == {"total": 0, "rows": []}


# --- Removal -------------------------------------------------------------------------------------------------------


def test_i8_a_person_with_chats_is_not_removed_and_they_are_named(db: Connection) -> None:
    assert remove(db, "accountant@buhbot.test") == [("chat", "ООО Круглосуточно"), ("chat", "ООО Ромашка")]
    assert person(db, user_id(OLGA))["active"]
    with pytest.raises(psycopg.Error, match="person_is_needed") as refused, db.transaction():
        db.execute("delete from auth.users where id = %s", [user_id(OLGA)])
    assert "ООО Ромашка" in (refused.value.diag.message_detail or "")


def test_i8_the_head_and_substitutes_are_not_removed_either(db: Connection) -> None:
    db.execute("update public.settings set head_id = %s", [user_id(PETR)])
    db.execute(
        "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(now(), null))",
        [user_id(IVAN), user_id(PETR)],
    )
    assert remove(db, "manager@buhbot.test") == [("head", "Бухгалтерия"), ("substitution", "Иван Кузнецов")]


def test_i8_figures_stay_and_the_person_is_gone(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    ingest(db, said(OLGA, monday("10:20"), "Отправила"))
    answered = window(db)
    assert answered["responded_by"] == user_id(OLGA)
    db.execute("update public.chats set assigned_accountant_id = %s", [user_id(IVAN)])

    assert remove(db, " Accountant@buhbot.test") == []
    row = person(db, user_id(OLGA))
    assert (row["full_name"], row["telegram_id"], row["active"]) == ("Удалённый сотрудник", None, False)
    assert "accountant@" not in str(row) and "Ольга" not in str(row)
    assert one(db, "select count(*) from auth.users where id = %s", user_id(OLGA)) == 0
    assert window(db) == answered
    with acting_as(db, "admin"):
        assert one(db, "select count(*) from api.team") == 4
    with pytest.raises(psycopg.Error, match="unknown_person"):
        set_active(db, OLGA, active=True)


def test_i8_a_person_without_figures_leaves_no_row(db: Connection) -> None:
    who = sign_up(db, token_of(db))
    assert remove(db, "svetlana@buhbot.test") == []
    assert all_rows(db, "select from public.users where id = %s", who) == []
    assert all_rows(db, "select from public.staff_invitations where email = 'svetlana@buhbot.test'") == []
    assert token_of(db)  # and may come back


def test_removing_nobody_is_refused(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="unknown_person"):
        remove(db, "nobody@buhbot.test")


# --- The first admin -----------------------------------------------------------------------------------------------


def admit(db: Connection, email: str) -> tuple[str, str | None]:
    with speaking(db, None):
        (row,) = all_rows(db, "select * from api.admit_admin(%s, 'Анна Первая')", email)
    return row["outcome"], row["token"]


def test_the_operator_invites_the_first_admin_and_asks_again_for_the_same_link(db: Connection) -> None:
    outcome, token = admit(db, "First@buhbot.test")
    assert outcome == "invited"
    assert admit(db, "first@buhbot.test") == ("invited", token)
    row = person(db, sign_up(db, token, "first@buhbot.test"))
    assert (row["role"], row["full_name"]) == ("admin", "Анна Первая")


def test_the_operator_makes_an_admin_of_a_person_who_is_there(db: Connection) -> None:
    set_active(db, PETR, active=False)
    assert admit(db, "manager@buhbot.test") == ("promoted", None)
    row = person(db, user_id(PETR))
    assert (row["role"], row["active"]) == ("admin", True)


def test_the_operators_invitation_beats_an_open_one_to_a_lesser_role(db: Connection) -> None:
    token_of(db)
    outcome, token = admit(db, "svetlana@buhbot.test")
    assert outcome == "invited"
    assert person(db, sign_up(db, token))["role"] == "admin"


def test_no_address_is_no_admin(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="email_is_wrong"):
        admit(db, "nobody")
