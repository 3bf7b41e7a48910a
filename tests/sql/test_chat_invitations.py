"""A link connects one group, once, with client, owner and policy bound beforehand (G4, G5)."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.sql.audited import entries
from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    deliver,
    ingest,
    membership,
    moscow,
    one,
    outbox,
    said,
    user_id,
)
from tests.sql.people import speaking

CLIENT = "00000000-0000-4000-8000-000000000001"
POLICY = "00000000-0000-4000-8000-000000000024"
GROUP, OTHER = -1001000000071, -1001000000072
LATER = moscow("2100-01-01 00:00")


def service(db: Connection, call: str, *values: Any) -> Any:
    with speaking(db, None):
        return one(db, f"select api.{call}", *values)


def invite(db: Connection, who: int = PETR, client: str | None = CLIENT, **terms: Any) -> Row:
    """An invitation as the bot makes it for somebody."""
    card: Row = service(
        db, "invite_chat(%s, %s, %s, %s)", client, terms.get("accountant_id"), terms.get("policy_id"), who
    )
    return card


def join(db: Connection, group: int = GROUP, who: int = ANNA) -> None:
    """Anna adds the bot to a new group."""
    ingest(db, {**membership("administrator", moscow("2026-04-06 09:00"), group), "user_id": who})


def connect(db: Connection, token: str, group: int = GROUP, who: int = ANNA) -> Any:
    return service(db, "connect_chat(%s, %s, %s)", token, group, who)


def chat(db: Connection, group: int = GROUP) -> Row:
    (row,) = all_rows(db, "select * from public.chats where chat_id = %s", group)
    return row


def test_a_link_binds_client_owner_and_policy_and_records_who_opened_it(db: Connection) -> None:
    join(db)
    card = invite(db, accountant_id=user_id(IVAN), policy_id=POLICY)
    assert (card["client"], card["accountant"], card["policy"]) == ("ООО Ромашка", "Иван Кузнецов", "Круглосуточно")
    assert connect(db, card["token"]) == {"is_measured": True, "hears": True}
    row = chat(db)
    assert [str(row[name]) for name in ("client_id", "assigned_accountant_id", "policy_id")] == [
        CLIENT,
        str(user_id(IVAN)),
        POLICY,
    ]
    assert row["connected_at"]
    assert row["monitoring_enabled"]
    (used,) = all_rows(db, "select * from public.chat_invitations")
    assert (used["used_by_telegram_id"], used["chat_id"]) == (ANNA, GROUP)


def test_a_link_fits_telegrams_startgroup(db: Connection) -> None:
    token = invite(db)["token"]
    assert len(token) <= 64
    assert all(sign.isalnum() or sign in "_-" for sign in token)


def test_the_owner_of_the_clients_chats_is_the_owner_unless_another_is_named(db: Connection) -> None:
    assert invite(db)["accountant"] == "Ольга Петрова"
    assert invite(db, accountant_id=user_id(PETR))["accountant"] == "Пётр Волков"
    assert invite(db, client=None)["accountant"] is None


def test_i9_asking_twice_gives_the_same_open_link(db: Connection) -> None:
    first = invite(db)
    assert invite(db, policy_id=POLICY)["token"] == first["token"]
    assert invite(db, who=ADMIN)["token"] != first["token"]
    join(db)
    connect(db, first["token"])
    assert invite(db)["token"] != first["token"]


def test_terms_change_while_the_link_stays(db: Connection) -> None:
    card = invite(db)
    changed = service(db, "set_invited_owner(%s, %s, %s)", card["id"], user_id(IVAN), PETR)
    assert (changed["accountant"], changed["token"]) == ("Иван Кузнецов", card["token"])
    changed = service(db, "set_invited_policy(%s, %s, %s)", card["id"], POLICY, PETR)
    assert changed["policy"] == "Круглосуточно"
    assert service(db, "set_invited_owner(%s, null, %s)", card["id"], PETR)["accountant"] is None


def test_a_link_that_is_over_is_not_changed(db: Connection) -> None:
    card = invite(db)
    db.execute("update public.chat_invitations set created_at = now() - interval '2 days', expires_at = now()")
    with pytest.raises(psycopg.Error, match="chat_link_is_over"):
        service(db, "set_invited_policy(%s, null, %s)", card["id"], PETR)


# G4: each refusal has its key, and nothing changes.


def refused(db: Connection, key: str, token: str, group: int = GROUP) -> None:
    before = chat(db, group), all_rows(db, "select * from public.chat_invitations"), outbox(db)
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        connect(db, token, group)
    assert (chat(db, group), all_rows(db, "select * from public.chat_invitations"), outbox(db)) == before


@pytest.mark.parametrize("token", ["", "abc", "verify_" + "0" * 49, "'; drop table users; --"])
def test_g4_a_malformed_link_connects_nothing(db: Connection, token: str) -> None:
    join(db)
    refused(db, "chat_link_malformed", token)


def test_g4_a_link_that_nobody_made_connects_nothing(db: Connection) -> None:
    join(db)
    card = invite(db)
    refused(db, "chat_link_unknown", card["token"][:-1] + ("A" if card["token"][-1] != "A" else "B"))
    refused(db, "chat_link_unknown", one(db, "select private.link_token('telegram', %s)", card["id"]))


def test_g4_a_used_link_connects_nothing(db: Connection) -> None:
    join(db)
    join(db, OTHER)
    token = invite(db)["token"]
    connect(db, token)
    refused(db, "chat_link_used", token, OTHER)


def test_g4_a_link_older_than_24_hours_connects_nothing(db: Connection) -> None:
    join(db)
    token = invite(db)["token"]
    db.execute(
        "update public.chat_invitations set created_at = created_at - interval '24 hours',"
        " expires_at = expires_at - interval '24 hours'"
    )
    refused(db, "chat_link_expired", token)


@pytest.mark.parametrize("change", ["active = false", "role = 'accountant'"])
def test_b7_the_link_of_whoever_may_not_invite_any_more_connects_nothing(db: Connection, change: str) -> None:
    join(db)
    token = invite(db)["token"]
    db.execute(f"update public.users set {change} where telegram_id = {PETR}".encode())
    refused(db, "chat_link_expired", token)


def test_a_connected_chat_stays_whose_it_is_and_the_link_stays_good(db: Connection) -> None:
    token = invite(db, client=None)["token"]
    refused(db, "chat_already_connected", token, ROMASHKA)
    join(db)
    connect(db, token)


def test_neither_a_private_chat_nor_the_firms_own_is_connected(db: Connection) -> None:
    ingest(db, said(ANNA, moscow("2026-04-06 10:00"), chat=ANNA, chat_type="private"))
    join(db)
    db.execute("update public.chats set internal = true where chat_id = %s", [GROUP])
    token = invite(db)["token"]
    for group in (ANNA, GROUP):
        refused(db, "chat_already_connected", token, group)


def test_g5_measuring_stays_off_until_somebody_would_hear(db: Connection) -> None:
    join(db)
    token = invite(db)["token"]
    db.execute("update public.users set unreachable_since = now(), unreachable_because = 'blocked'")
    assert not connect(db, token)["is_measured"]
    assert chat(db)["connected_at"]
    assert not chat(db)["monitoring_enabled"]
    with pytest.raises(psycopg.Error, match="nobody_would_be_told"), db.transaction():
        service(db, "watch_chat(%s, %s)", chat(db)["id"], PETR)
    db.execute("update public.users set unreachable_since = null, unreachable_because = null")
    assert service(db, "watch_chat(%s, %s)", chat(db)["id"], PETR)["is_measured"]


# Who is told.


def checklist(db: Connection, to: int) -> list[Row]:
    return [message["facts"] for message in deliver(db, LATER) if message["recipient_chat_id"] == to]


def test_whoever_invited_gets_the_checklist_with_the_name_of_who_opened_the_link(db: Connection) -> None:
    join(db)
    token = invite(db)["token"]
    ingest(db, said(ANNA, datetime.now(UTC), "/start", GROUP, kind="command", author_name="Анна Иванова"))
    connect(db, token)
    (facts,) = checklist(db, PETR)
    diagnosis = facts["diagnosis"]
    assert (facts["event"], diagnosis["is_connected"], diagnosis["may_change"]) == ("checklist", True, True)
    assert (diagnosis["client"], diagnosis["accountant"]) == ("ООО Ромашка", "Ольга Петрова")
    assert diagnosis["connected_by"] == "Анна Иванова"


def test_who_came_by_the_own_link_gets_one_checklist_of_the_connected_chat(db: Connection) -> None:
    join(db, who=PETR)
    assert len(outbox(db)) == 1
    connect(db, invite(db)["token"], who=PETR)
    assert [facts["diagnosis"]["is_connected"] for facts in checklist(db, PETR)] == [True]


def test_the_audit_names_who_invited(db: Connection, seen: int) -> None:
    join(db)
    connect(db, invite(db)["token"])
    connected = [entry for entry in entries(db, seen, "chats") if "connected_at" in (entry["changed"] or [])]
    assert [entry["actor_id"] for entry in connected] == [user_id(PETR)]


# Who may.


@pytest.mark.parametrize("who", [OLGA, MARIA, ANNA])
def test_nobody_else_invites(db: Connection, who: int) -> None:
    for call in ("invite_chat(null, null, null, %s)", "find_clients('а', %s)", "add_client('x', %s)"):
        with pytest.raises(psycopg.Error, match="not_allowed"), db.transaction():
            service(db, call, who)


def test_b7_whoever_lost_access_invites_nobody(db: Connection) -> None:
    db.execute("update public.users set active = false where telegram_id = %s", [PETR])
    with pytest.raises(psycopg.Error, match="not_allowed"):
        invite(db)


def test_managers_give_chats_to_their_own_team_only(db: Connection) -> None:
    db.execute(
        "insert into public.users (id, email, role, full_name)"
        " values ('00000000-0000-4000-8000-000000009999', 'other@buhbot.test', 'manager', 'Другая')"
    )
    db.execute(
        "insert into public.manager_accountants (manager_id, accountant_id)"
        " values ('00000000-0000-4000-8000-000000009999', %s)",
        [user_id(IVAN)],
    )
    for strange in (user_id(IVAN), user_id(MARIA)):
        with pytest.raises(psycopg.Error, match="owner_is_not_in_team"), db.transaction():
            invite(db, accountant_id=strange)
    assert invite(db, who=ADMIN, accountant_id=user_id(IVAN))["accountant"] == "Иван Кузнецов"
    with speaking(db, None):
        offered = {row["name"] for row in all_rows(db, "select * from api.offer_owners(%s)", PETR)}
    assert offered == {"Пётр Волков", "Ольга Петрова"}


def test_managers_change_no_invitation_of_others(db: Connection) -> None:
    card = invite(db, who=ADMIN, client=None)
    with pytest.raises(psycopg.Error, match="chat_link_is_over"):
        service(db, "set_invited_policy(%s, null, %s)", card["id"], PETR)


def test_a_signed_in_person_invites_as_nobody_but_oneself(db: Connection) -> None:
    with speaking(db, user_id(PETR)):
        card: Row = one(db, "select api.invite_chat(%s, telegram_id => %s)", CLIENT, ADMIN)
    assert one(db, "select created_by from public.chat_invitations where id = %s", card["id"]) == user_id(PETR)
    with pytest.raises(psycopg.Error, match="not_allowed"), db.transaction(), speaking(db, user_id(OLGA)):
        db.execute("select api.invite_chat(%s, telegram_id => %s)", [CLIENT, ADMIN])
    with pytest.raises(psycopg.errors.InsufficientPrivilege), speaking(db, user_id(ADMIN)):
        db.execute("select api.connect_chat('x', 1, 1)")


# Clients to choose from.


def test_clients_are_found_by_all_words_that_were_given(db: Connection) -> None:
    found = service(db, "find_clients('РОМ ооо', %s)", PETR)
    assert [client["name"] for client in found["clients"]] == ["ООО Ромашка"]
    assert service(db, "find_clients('100%%', %s)", PETR)["clients"] == []


def test_only_admins_make_clients_and_only_new_ones(db: Connection) -> None:
    assert not service(db, "find_clients('Новый', %s)", PETR)["may_add"]
    assert service(db, "find_clients('Новый', %s)", ADMIN)["may_add"]
    assert not service(db, "find_clients('ооо ромашка', %s)", ADMIN)["may_add"]
    with pytest.raises(psycopg.Error, match="not_allowed"), db.transaction():
        service(db, "add_client('Новый', %s)", PETR)
    first = service(db, "add_client(' Новый ', %s)", ADMIN)
    assert service(db, "add_client('новый', %s)", ADMIN) == first
    for name in (" ", "a\nb"):
        with pytest.raises(psycopg.Error, match="client_name_is_wrong"), db.transaction():
            service(db, "add_client(%s, %s)", name, ADMIN)
