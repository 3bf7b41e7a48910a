"""What the palette finds: places by a part of their name, and only those that the reader may see."""

import pytest

from tests.sql.firm import ANNA, OLGA, ROMASHKA, Connection, acting_as, all_rows, ingest, monday, one, said, user_id


def found(db: Connection, words: str, role: str = "admin") -> list[tuple[str, str, str | None]]:
    with acting_as(db, role):
        rows = all_rows(db, "select kind, title, detail from api.find_places(%s)", words)
    return [(row["kind"], row["title"], row["detail"]) for row in rows]


def test_a_part_of_a_name_finds_chats_clients_and_people(db: Connection) -> None:
    assert found(db, "омашк") == [("chat", "ООО Ромашка", "ООО Ромашка"), ("client", "ООО Ромашка", None)]
    assert found(db, " ольга ") == [("person", "Ольга Петрова", "accountant")]


@pytest.mark.parametrize("typed", ["{}", "№ {}", " №{} "])
def test_a_number_finds_its_request(db: Connection, typed: str) -> None:
    ingest(db, said(ANNA, monday("10:00")))
    number = one(db, "select number from public.client_requests")
    assert ("request", f"№ {number}", "ООО Ромашка") in found(db, typed.format(number))
    assert found(db, typed.format(number), "accountant2") == []
    assert found(db, typed.format("9" * 18)) == []


def test_names_that_begin_with_the_words_come_first_and_there_are_six(db: Connection) -> None:
    db.execute("insert into public.clients (name) select n || ' и Ко' from generate_series(1, 9) as n")
    db.execute("insert into public.clients (name) values ('Ко-Ко')")
    titles = [title for kind, title, _detail in found(db, "ко") if kind == "client"]
    assert titles[0] == "Ко-Ко"
    assert len(titles) == 6


@pytest.mark.parametrize("words", ["%", "_", "\\", "'; drop table public.users"])
def test_signs_of_patterns_are_only_signs(db: Connection, words: str) -> None:
    assert found(db, words) == []


def test_an_accountant_finds_only_what_is_hers(db: Connection) -> None:
    db.execute("update public.chats set assigned_accountant_id = %s where chat_id = %s", (user_id(OLGA), ROMASHKA))
    assert ("client", "ООО Ромашка", None) in found(db, "ромашка", "accountant")
    assert found(db, "ромашка", "accountant2") == []
