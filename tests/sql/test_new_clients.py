"""A client that the wizard names: made together with the link, or not at all."""

from tests.sql.asking import asked, refusal
from tests.sql.firm import ADMIN, MARIA, OLGA, PETR, Connection, one, user_id

CALL = "invite_chat(client_name => %s, accountant_id => %s)"


def test_a_client_is_made_with_the_link_or_not_at_all(db: Connection) -> None:
    clients = one(db, "select count(*) from public.clients")
    assert refusal(db, PETR, CALL, "Новый", user_id(OLGA)) == "not_allowed"
    assert refusal(db, ADMIN, CALL, "a\nb", user_id(OLGA)) == "client_name_is_wrong"
    assert refusal(db, ADMIN, CALL, "Новый", user_id(MARIA)) == "owner_is_not_in_team"
    assert one(db, "select count(*) from public.clients") == clients
    assert asked(db, ADMIN, CALL, " Новый ", user_id(OLGA))["client"] == "Новый"
    assert asked(db, ADMIN, CALL, "новый", user_id(OLGA))["client"] == "Новый"
    assert one(db, "select count(*) from public.clients") == clients + 1


def test_a_name_that_was_left_empty_makes_nobody(db: Connection) -> None:
    assert asked(db, PETR, CALL, " ", user_id(OLGA))["client"] is None
