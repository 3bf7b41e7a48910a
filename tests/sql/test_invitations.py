"""Nobody comes in without an invitation, and an invitation lets in one."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.sql.firm import ADMIN, MARIA, OLGA, PETR, Connection, acting_as, all_rows, one, user_id
from tests.sql.people import SVETLANA, invite, person, sign_ins, sign_up, speaking, token_of
from tests.stack import Stack


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer"])
def test_i7_an_invitee_gets_the_role_of_the_invitation(db: Connection, role: str) -> None:
    who = sign_up(db, token_of(db, role=role), role="admin")
    row = person(db, who)
    assert (row["email"], row["role"], row["full_name"]) == ("svetlana@buhbot.test", role, "Светлана Белова")
    with speaking(db, who):
        assert one(db, "select private.role()") == role


@pytest.mark.parametrize(
    ("token", "email"),
    [
        (None, "svetlana@buhbot.test"),  # who knows the address of an invitee and has no link
        ("0" * 56, "svetlana@buhbot.test"),
        ("nonsense'; --", "svetlana@buhbot.test"),
        (None, None),  # by telephone, or anonymously
    ],
)
def test_i7_without_an_invitation_nobody_gets_in(db: Connection, token: str | None, email: Any) -> None:
    token_of(db)
    before = sign_ins(db)
    with pytest.raises(psycopg.Error, match="invitation_unknown"):
        sign_up(db, token, email)
    assert sign_ins(db) == before


def test_an_invitation_admits_its_own_address_only(db: Connection) -> None:
    token = token_of(db)
    with pytest.raises(psycopg.Error, match="invitation_is_for_another"):
        sign_up(db, token, "mallory@buhbot.test")
    sign_up(db, token, "SVETLANA@buhbot.test")


def test_an_invitation_is_used_once(db: Connection) -> None:
    token = token_of(db)
    sign_up(db, token)
    with pytest.raises(psycopg.Error, match="invitation_used"):
        sign_up(db, token)


def test_an_expired_invitation_admits_nobody_and_is_followed_by_a_new_one(db: Connection) -> None:
    old = token_of(db)
    db.execute(
        "update public.staff_invitations set created_at = now() - interval '8 days', expires_at = now()"
        " where email = 'svetlana@buhbot.test'"
    )
    with pytest.raises(psycopg.Error, match="invitation_expired"):
        sign_up(db, old)
    new = token_of(db)
    assert new != old
    sign_up(db, new)


def test_a_revoked_invitation_admits_nobody(db: Connection) -> None:
    token = token_of(db)
    with speaking(db, user_id(ADMIN)):
        found = one(db, "select id from api.staff_invitations where email = 'svetlana@buhbot.test'")
        db.execute("select api.revoke_invitation(%s)", [found])
        assert one(db, "select state from api.staff_invitations where id = %s", found) == "revoked"
    with pytest.raises(psycopg.Error, match="invitation_revoked"):
        sign_up(db, token)


def test_asking_tells_who_invites_and_uses_nothing_up(db: Connection) -> None:
    token = token_of(db)
    with pytest.raises(psycopg.Error, match="invitation_is_live") as asked:
        sign_up(db, token, "anybody@invitation.invalid", only_asking=True)
    told = json.loads(asked.value.diag.message_detail or "")
    assert (told["email"], told["invited_by"], told["role"]) == ("svetlana@buhbot.test", "Ирина Соколова", "accountant")
    sign_up(db, token)


def test_i9_whoever_is_invited_again_gets_the_same_link(db: Connection) -> None:
    first = token_of(db)
    (again,) = invite(db, SVETLANA)
    assert (again["outcome"], again["token"]) == ("already_invited", first)
    with speaking(db, user_id(ADMIN)):
        assert one(db, "select token from api.staff_invitations where email = 'svetlana@buhbot.test'") == first


def test_no_table_holds_a_token(db: Connection) -> None:
    token = token_of(db)
    rows = all_rows(db, "select i::text as row from public.staff_invitations as i")
    assert rows and not [row for row in rows if token in row["row"] or token[32:] in row["row"]]
    assert token not in str(all_rows(db, "select after::text from public.audit_log where entity = 'staff_invitations'"))


def test_a_sign_in_does_not_keep_the_token(db: Connection) -> None:
    who = sign_up(db, token_of(db))
    assert one(db, "select raw_user_meta_data from auth.users where id = %s", who) == {}


def test_the_address_of_a_sign_in_cannot_be_changed(db: Connection) -> None:
    who = sign_up(db, token_of(db))
    with pytest.raises(psycopg.Error, match="email_is_fixed"), db.transaction():
        db.execute("update auth.users set email = 'mallory@buhbot.test' where id = %s", [who])
    db.execute("update auth.users set email = 'Svetlana@buhbot.test' where id = %s", [who])


@pytest.mark.parametrize(
    ("by", "may"),
    [
        (ADMIN, {"admin", "manager", "accountant", "observer"}),
        (PETR, {"accountant", "observer"}),
    ],
)
def test_who_may_invite_whom(db: Connection, by: int, may: set[str]) -> None:
    for role in ("admin", "manager", "accountant", "observer"):
        (row,) = invite(db, {**SVETLANA, "role": role}, by=by, dry_run=True)
        expected = ("invited", None) if role in may else ("refused", "role_is_not_yours_to_give")
        assert (row["outcome"], row["reason"]) == expected


@pytest.mark.parametrize("by", [OLGA, MARIA])
def test_accountants_and_observers_invite_nobody(db: Connection, by: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"):
        invite(db, SVETLANA, by=by)


def test_a_managers_accountant_comes_into_the_managers_team(db: Connection) -> None:
    who = sign_up(db, token_of(db, by=PETR))
    team = all_rows(db, "select manager_id from public.manager_accountants where accountant_id = %s", who)
    assert team == [{"manager_id": user_id(PETR)}]


def test_a_manager_sees_and_revokes_own_invitations_and_those_into_the_team(db: Connection) -> None:
    invite(
        db,
        {**SVETLANA, "email": "team@buhbot.test", "manager": "manager@buhbot.test"},
        {**SVETLANA, "email": "other@buhbot.test"},
    )
    invite(db, {**SVETLANA, "email": "own@buhbot.test"}, by=PETR)
    live = "select email from api.staff_invitations where state = 'live' order by email"
    with acting_as(db, "manager"):
        seen = all_rows(db, live.replace("email from", "email, token is not null as has_token from"))
    assert seen == [{"email": f"{name}@buhbot.test", "has_token": True} for name in ("own", "team")]
    other = one(db, "select id from public.staff_invitations where email = 'other@buhbot.test'")
    with pytest.raises(psycopg.Error, match="invitation_unknown"), speaking(db, user_id(PETR)):
        db.execute("select api.revoke_invitation(%s)", [other])
    for role in ("accountant", "observer"):
        with acting_as(db, role):
            assert all_rows(db, live) == []


BULK: list[tuple[dict[str, Any], str]] = [
    ({"email": "no-address"}, "email_is_wrong"),
    ({"email": None}, "email_is_wrong"),
    ({"full_name": "  "}, "name_is_missing"),
    ({"full_name": "\u202eанна"}, "name_is_missing"),
    ({"full_name": "\u200b"}, "name_is_missing"),
    ({"email": "<b>@buhbot.test"}, "email_is_wrong"),
    ({"email": "\u202ea@buhbot.test"}, "email_is_wrong"),
    ({"role": "boss"}, "role_is_unknown"),
    ({"telegram_username": "a b"}, "telegram_name_is_wrong"),
    ({"email": "first@buhbot.test"}, "email_repeats"),
    ({"email": "Manager@buhbot.test"}, "person_exists"),
    ({"manager": "accountant@buhbot.test"}, "manager_is_unknown"),
]


def test_a_list_with_a_wrong_row_is_told_row_by_row_and_not_stored(db: Connection) -> None:
    rows: list[dict[str, Any]] = [{**SVETLANA, "email": "first@buhbot.test"}]
    rows += [{**SVETLANA, "email": f"n{number}@buhbot.test", **wrong} for number, (wrong, _) in enumerate(BULK)]
    answer = invite(db, *rows)
    assert [row["reason"] for row in answer] == [None, *(reason for _, reason in BULK)]
    assert [row["line"] for row in answer] == list(range(1, len(rows) + 1))
    assert {row["token"] for row in answer} == {None}
    assert one(db, "select count(*) from public.staff_invitations where used_at is null") == 0


def test_a_dry_run_stores_nothing(db: Connection) -> None:
    (row,) = invite(db, SVETLANA, dry_run=True)
    assert (row["outcome"], row["token"]) == ("invited", None)
    assert one(db, "select count(*) from public.staff_invitations where used_at is null") == 0


def test_twenty_five_accountants_are_invited_at_once(db: Connection) -> None:
    answer = invite(db, *({**SVETLANA, "email": f"n{number}@buhbot.test"} for number in range(25)))
    assert len({row["token"] for row in answer}) == 25


@pytest.mark.parametrize(("rows", "key"), [("{}", "invitations_are_not_a_list"), ("[]", "invitations_are_not_a_list")])
def test_what_is_no_list_is_refused(db: Connection, rows: str, key: str) -> None:
    with pytest.raises(psycopg.Error, match=key), speaking(db, user_id(ADMIN)):
        db.execute("select api.invite_staff(%s)", [rows])


def test_more_than_five_hundred_are_refused(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="too_many_invitations"):
        invite(db, *([SVETLANA] * 501))


def test_an_open_invitation_is_not_turned_into_another(db: Connection) -> None:
    token_of(db)
    assert invite(db, {**SVETLANA, "role": "admin"})[0]["reason"] == "invited_as_another"
    assert invite(db, SVETLANA, by=PETR)[0]["reason"] == "invited_by_another"


def test_links_of_whoever_loses_the_right_to_give_them_end(db: Connection) -> None:
    token = token_of(db, by=PETR)
    with speaking(db, user_id(ADMIN)):
        db.execute("select api.set_active(%s, false)", [user_id(PETR)])
    with pytest.raises(psycopg.Error, match="invitation_revoked"):
        sign_up(db, token)


def test_people_write_no_invitation_by_hand(db: Connection) -> None:
    for statement in (
        "insert into public.staff_invitations (email, role, full_name) values ('x@y.test', 'admin', 'X')",
        "update public.staff_invitations set role = 'admin'",
        "select private.link_token('invitation', gen_random_uuid())",
        "select secret from private.link_secret",
        "select api.admit_admin('x@y.test')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, "admin"):
            db.execute(statement.encode())


def test_one_invitation_used_twice_at_the_same_instant_lets_in_one(stack: Stack) -> None:
    """I7: the second waits for the first, finds the invitation used, and leaves nothing behind."""
    address = f"{uuid4()}@buhbot.test"
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as operator:
        token = one(
            operator,
            "insert into public.staff_invitations (email, role, full_name) values (%s, 'observer', 'Новый человек')"
            " returning private.link_token('invitation', id)",
            address,
        )

        def arrive(_: int) -> str:
            with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as own:
                try:
                    sign_up(own, token, address)
                except psycopg.Error as refusal:
                    return str(refusal.diag.message_primary)
                return "in"

        with ThreadPoolExecutor(8) as crowd:
            arrived = list(crowd.map(arrive, range(8)))
        assert sorted(arrived) == ["in", *["invitation_used"] * 7]
        assert one(operator, "select count(*) from auth.users where email = %s", address) == 1
        operator.execute("delete from auth.users where email = %s", [address])


def test_i9_a_creation_that_fails_half_way_leaves_no_sign_in_and_a_good_link(db: Connection) -> None:
    token = token_of(db)
    taken = "insert into public.users (id, email, role, full_name) values (gen_random_uuid(), %s, 'observer', 'Тёзка')"
    db.execute(taken.encode(), ["svetlana@buhbot.test"])
    before = sign_ins(db)
    with pytest.raises(psycopg.errors.UniqueViolation):
        sign_up(db, token)
    assert sign_ins(db) == before
    db.execute("delete from public.users where email = 'svetlana@buhbot.test'")
    sign_up(db, token)
