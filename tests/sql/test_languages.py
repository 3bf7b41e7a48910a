"""Everybody is written to in the own language: people of the firm, clients in private, and each chat."""

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.firm import (
    ANNA,
    NIGHT,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    acting_as,
    all_rows,
    claim,
    ingest,
    monday,
    one,
    said,
    sweep,
    user_id,
)
from tests.sql.people import person, speaking


def asked(who: int) -> Row:
    """`/language` in private, which everybody sends before they choose."""
    return said(who, monday("10:00"), "/language", chat=who, chat_type="private")


def choose(db: Connection, who: int, locale: str) -> None:
    with speaking(db, None):
        db.execute("select api.choose_language(%s, %s)", [who, locale])


def spoken_to(db: Connection, who: int, telegrams: str | None = None) -> Any:
    """The language in which the bot answers somebody whose Telegram speaks this one."""
    with speaking(db, None):
        question = Jsonb([{"telegram_id": who, "language": telegrams}])
        return one(db, "select api.identify_all(%s) -> 0 ->> 'locale'", question)


def language_of(db: Connection, chat: int) -> Any:
    return one(db, "select private.language_of(%s)", chat)


def test_a_stranger_is_answered_in_the_language_of_their_telegram(db: Connection) -> None:
    assert [spoken_to(db, ANNA, said) for said in ("en", "en-US", "ru", "de", None)] == ["en", "en", "ru", "ru", "ru"]


@pytest.mark.parametrize("telegrams", ["ru", "en"])
def test_a_client_who_has_chosen_is_answered_so(db: Connection, telegrams: str) -> None:
    ingest(db, asked(ANNA))
    assert spoken_to(db, ANNA, telegrams) == telegrams
    for chosen in ("en", "ru"):
        choose(db, ANNA, chosen)
        assert spoken_to(db, ANNA, telegrams) == chosen
        assert language_of(db, ANNA) == chosen


def test_a_clients_choice_in_private_changes_no_group(db: Connection) -> None:
    ingest(db, said(ANNA, monday("10:00")), asked(ANNA))
    choose(db, ANNA, "en")
    assert language_of(db, ROMASHKA) == "ru"


def test_a_person_of_the_firm_chooses_for_the_bot_and_the_admin_at_once(db: Connection) -> None:
    ingest(db, asked(OLGA))
    choose(db, OLGA, "en")
    assert person(db, user_id(OLGA))["locale"] == "en"
    assert (spoken_to(db, OLGA, "ru"), language_of(db, OLGA)) == ("en", "en")
    (entry,) = all_rows(db, "select * from public.audit_log where entity = 'users' order by id desc limit 1")
    assert (entry["actor_id"], entry["changed"]) == (user_id(OLGA), ["locale"])


def test_what_a_person_chose_in_the_admin_is_what_the_bot_speaks(db: Connection) -> None:
    ingest(db, asked(OLGA))
    choose(db, OLGA, "en")
    with speaking(db, user_id(OLGA)):
        db.execute("select api.update_profile('Ольга', 'ru', null, null, 20)")
    assert (spoken_to(db, OLGA, "en"), language_of(db, OLGA)) == ("ru", "ru")


def test_whoever_never_wrote_in_private_has_nothing_to_choose(db: Connection) -> None:
    with pytest.raises(psycopg.Error, match="unknown_button"):
        choose(db, ANNA, "en")


def test_there_is_no_third_language(db: Connection) -> None:
    ingest(db, asked(ANNA))
    with pytest.raises(psycopg.errors.CheckViolation, match="locale_is_known"):
        choose(db, ANNA, "de")


def test_only_the_service_chooses_for_others(db: Connection) -> None:
    for role in ("admin", "anon"):
        with acting_as(db, role), pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("select api.choose_language(%s, 'en')", [ANNA])


def test_managers_choose_the_language_of_a_chat_and_accountants_do_not(db: Connection) -> None:
    change = "update api.chats set locale = 'en' where chat_id = %s returning locale"
    with acting_as(db, "manager"):
        assert one(db, change, ROMASHKA) == "en"
    with acting_as(db, "accountant"):
        assert one(db, change, ROMASHKA) is None


def test_a_chat_without_a_choice_is_written_to_in_russian(db: Connection) -> None:
    db.execute("update public.chats set locale = 'en' where chat_id = %s", [ROMASHKA])
    assert (language_of(db, ROMASHKA), language_of(db, NIGHT)) == ("en", "ru")


def test_a_message_is_handed_out_with_its_readers_language(late: Connection) -> None:
    late.execute("update public.users set locale = 'en' where telegram_id = %s", [PETR])
    sweep(late, monday("11:00:01"))
    languages = {message["recipient_chat_id"]: message["locale"] for message in claim(late, monday("11:10"))}
    assert languages == {OLGA: "ru", PETR: "en"}
