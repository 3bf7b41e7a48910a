"""A Telegram account is tied to a person by a link of the person's own, once."""

from typing import Any

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    IVAN,
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
)
from tests.sql.people import person, speaking

NEW = 777_000_111


@pytest.fixture
def unlinked(db: Connection) -> Connection:
    """Olga has a new telephone."""
    db.execute("update public.users set telegram_id = null where id = %s", [user_id(OLGA)])
    db.execute("update public.settings set bot_username = 'buhbot_bot'")
    return db


def link(db: Connection, who: int = OLGA, *, renew: bool = False) -> str:
    with speaking(db, user_id(who)):
        (row,) = all_rows(db, "select * from api.telegram_link(%s)", renew)
    assert row["bot_username"] == "buhbot_bot"
    return str(row["token"])


def press(db: Connection, token: str, who: int = NEW, username: str | None = None) -> Any:
    with speaking(db, None):
        return one(db, "select api.link_telegram(%s, %s, %s)", token, who, username)


def test_a_link_ties_the_account_that_presses_it(unlinked: Connection) -> None:
    assert press(unlinked, link(unlinked), username="olga_buh") == "Ольга Петрова"
    row = person(unlinked, user_id(OLGA))
    assert (row["telegram_id"], row["telegram_username"]) == (NEW, "olga_buh")


def test_a_link_fits_telegrams_start(unlinked: Connection) -> None:
    assert len("verify_" + link(unlinked)) <= 64


def test_i9_whoever_asks_again_gets_the_same_link(unlinked: Connection) -> None:
    assert link(unlinked) == link(unlinked)


def test_a_new_link_ends_the_old(unlinked: Connection) -> None:
    old = link(unlinked)
    new = link(unlinked, renew=True)
    with pytest.raises(psycopg.Error, match="link_expired"):
        press(unlinked, old)
    assert press(unlinked, new)


@pytest.mark.parametrize("who", [NEW, NEW + 1])
def test_a_replay_is_refused_whoever_sends_it(unlinked: Connection, who: int) -> None:
    token = link(unlinked)
    press(unlinked, token)
    with pytest.raises(psycopg.Error, match="link_used"):
        press(unlinked, token, who)


def test_a_link_lasts_seven_days(unlinked: Connection) -> None:
    old = link(unlinked)
    unlinked.execute("update public.telegram_links set created_at = now() - interval '8 days', expires_at = now()")
    with pytest.raises(psycopg.Error, match="link_expired"):
        press(unlinked, old)
    assert link(unlinked) != old


def test_an_account_is_tied_to_one_person(unlinked: Connection) -> None:
    token = link(unlinked)
    with pytest.raises(psycopg.Error, match="telegram_is_of_another"):
        press(unlinked, token, IVAN)
    assert press(unlinked, token)


@pytest.mark.parametrize("token", ["", "0" * 56, "'; drop table users; --"])
def test_a_token_that_is_not_ours_opens_nothing(unlinked: Connection, token: str) -> None:
    with pytest.raises(psycopg.Error, match="link_unknown"):
        press(unlinked, token)


def test_a_token_of_an_invitation_ties_nothing(unlinked: Connection) -> None:
    link(unlinked)
    other = one(unlinked, "select private.link_token('invitation', id) from public.telegram_links")
    with pytest.raises(psycopg.Error, match="link_unknown"):
        press(unlinked, other)


def test_whoever_lost_access_is_not_tied(unlinked: Connection) -> None:
    token = link(unlinked)
    unlinked.execute("update public.users set active = false where id = %s", [user_id(OLGA)])
    with pytest.raises(psycopg.Error, match="not_allowed"):
        press(unlinked, token)
    with pytest.raises(psycopg.Error, match="not_allowed"):
        link(unlinked)


def test_whoever_is_tied_unties_first(unlinked: Connection) -> None:
    with pytest.raises(psycopg.Error, match="telegram_already_linked"):
        link(unlinked, IVAN)


def unlink(db: Connection, by: int, whose: int | None = None) -> None:
    with speaking(db, user_id(by)):
        db.execute("select api.unlink_telegram(%s)", [user_id(whose) if whose else None])


def test_people_untie_themselves_and_an_admin_anybody(db: Connection) -> None:
    unlink(db, IVAN)
    unlink(db, ADMIN, OLGA)
    assert person(db, user_id(IVAN))["telegram_id"] is person(db, user_id(OLGA))["telegram_id"] is None


@pytest.mark.parametrize("by", [PETR, IVAN])
def test_nobody_else_unties_a_colleague(db: Connection, by: int) -> None:
    with pytest.raises(psycopg.Error, match="not_allowed"):
        unlink(db, by, OLGA)


def test_an_untied_account_is_not_tied_again_by_its_name(db: Connection) -> None:
    db.execute("update public.users set telegram_username = 'olga_buh' where id = %s", [user_id(OLGA)])
    unlink(db, OLGA)
    ingest(db, said(OLGA, monday("10:00"), username="olga_buh"))
    assert person(db, user_id(OLGA))["telegram_id"] is None


def test_b2_a_person_known_by_name_only_is_tied_by_her_first_message(unlinked: Connection) -> None:
    unlinked.execute("update public.users set telegram_username = 'Olga_Buh' where id = %s", [user_id(OLGA)])
    ingest(unlinked, said(NEW, monday("10:00"), username="olga_buh"))
    assert person(unlinked, user_id(OLGA))["telegram_id"] == NEW
    assert one(unlinked, "select is_staff from public.chat_messages where chat_id = %s", ROMASHKA)


def test_people_read_their_own_links_and_write_none(unlinked: Connection) -> None:
    link(unlinked)
    for role, sees in (("accountant", 1), ("admin", 0), ("manager", 0), ("observer", 0)):
        with acting_as(unlinked, role):
            assert one(unlinked, "select count(*) from public.telegram_links") == sees
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(unlinked, "accountant"):
        unlinked.execute("select api.link_telegram('x', 1)")
