"""Personal data of a client: handed over whole, erased whole; the figures stay (152-FZ, GDPR)."""

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    STAFF,
    VERA,
    Connection,
    Row,
    acting_as,
    all_rows,
    deliver,
    edited,
    ingest,
    monday,
    one,
    press,
    reacted,
    replied,
    said,
    sweep,
    tables,
    user_id,
)

CLIENT = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
NAME = "ООО Ромашка"
# Whom nobody else in the demo firm is: an id that is part of no other number.
ZOYA = 7_719_203_846
PRIVATE = ["Зоя Заметная", "Где канарейка-текст?", "канарейка-правка", "канарейка-подпись", "канарейка-файл", str(ZOYA)]
GROUPINGS = ("firm", "person", "client", "policy", "day", "week", "month")


@pytest.fixture
def firm(db: Connection) -> Connection:
    """Romashka asked three times: answered in time, answered late, and waiting; Lebedeva asked once."""
    zoya: dict[str, Any] = {"author_name": "Зоя Заметная", "chat_name": NAME}
    first = said(ZOYA, monday("10:00"), "Где канарейка-текст?", **zoya)
    answer = replied(OLGA, first, monday("10:10"), "Вот канарейка-подпись")
    second = said(
        ZOYA, monday("11:00"), None, kind="photo", caption="канарейка-подпись", media_file_id="канарейка-файл", **zoya
    )
    ingest(
        db, first, answer, reacted(ZOYA, answer, monday("10:11")), edited(first, monday("10:20"), "канарейка-правка")
    )
    ingest(db, second)
    sweep(db, monday("12:05"))
    deliver(db, monday("12:05"))
    press(db, OLGA, at=monday("12:06"))
    ingest(db, said(OLGA, monday("12:30"), "Готово"))
    ingest(
        db,
        said(ZOYA, monday("13:00"), "/start", chat=ZOYA, chat_type="private", **{**zoya, "chat_name": "Зоя Заметная"}),
    )
    ingest(db, {**said(ZOYA, monday("13:01"), "Где канарейка-текст?", **zoya), "date": 1})
    ingest(
        db, said(VERA, monday("10:00"), "Чужая тайна", chat=LEBEDEVA, chat_name="ИП Лебедева", author_name="Вера Чужая")
    )
    return db


def erase(db: Connection, client: str = CLIENT, name: str = NAME) -> Row:
    erased: Row = one(db, "select api.erase_client(%s, %s)", client, name)
    return erased


def as_service(db: Connection) -> None:
    db.execute("""select set_config('request.jwt.claims', '{"role": "service_role"}', true)""")


def everything(db: Connection, *but: str) -> str:
    """All rows of all tables, as text; the audit log, which nobody may change, holds nothing private by itself."""
    return "\n".join(
        str(one(db, f"select string_agg(to_jsonb(t)::text, ' ' order by to_jsonb(t)) from public.{table} as t"))
        for table in tables(db)
        if table not in but
    )


def figures(db: Connection) -> list[Any]:
    """Every report of the year, without the names that a client's erasure takes."""
    year = (monday("00:00"), monday("00:00") + timedelta(days=365))
    reports: list[Any] = []
    for by in GROUPINGS:
        rows = all_rows(db, "select * from api.sla_report(%s, %s, %s)", *year, by)
        reports.append([{key: value for key, value in row.items() if key != "name"} for row in rows])
    by_chat = all_rows(db, "select * from api.sla_report(%s, %s, 'chat')", *year)
    reports.append([{key: value for key, value in row.items() if key not in ("name", "key")} for row in by_chat])
    reports.append(all_rows(db, "select * from api.coverage_report(%s, %s)", *year))
    return reports


def test_an_erased_client_is_gone_from_every_table(firm: Connection) -> None:
    """I21: no text, name, file or Telegram id of the client is left in any column of any table."""
    before = everything(firm)
    assert not [canary for canary in (*PRIVATE, NAME) if canary not in before]
    as_service(firm)
    assert erase(firm) == {"chats": 2, "messages": 6}
    after = everything(firm)
    assert not [canary for canary in (*PRIVATE, NAME, str(ROMASHKA)) if canary in after]
    assert "Чужая тайна" in after and "Вера Чужая" in after


def test_reports_say_the_same_before_and_after(firm: Connection) -> None:
    """I21"""
    as_service(firm)
    ingest(firm, said(ANNA, monday("14:00")))
    # What waits is void when the chat is deleted, erased or not; all else may not change.
    firm.execute("update public.chats set deleted_at = now() where chat_id = %s", [ROMASHKA])
    before, windows = figures(firm), one(firm, "select count(*) from public.client_requests")
    assert any(row["met"] for row in before[0]) and any(row["voided"] for row in before[0])
    erase(firm)
    assert figures(firm) == before
    assert one(firm, "select count(*) from public.client_requests") == windows


def test_what_waits_in_an_erased_chat_is_void(firm: Connection) -> None:
    as_service(firm)
    ingest(firm, said(ANNA, monday("14:00")))
    erase(firm)
    assert (
        one(firm, "select count(*) from public.client_requests where closed_as is null and client_id = %s", CLIENT) == 0
    )
    assert one(firm, "select count(*) from public.chats where client_id = %s and deleted_at is null", CLIENT) == 0


def test_erasing_twice_changes_nothing(firm: Connection) -> None:
    as_service(firm)
    erase(firm)
    logs = ("audit_log", "audit_seals")
    before = everything(firm, *logs)
    assert erase(firm, name="Удалённый клиент") == {"chats": 1, "messages": 0}
    assert everything(firm, *logs) == before


def test_what_is_written_later_is_a_chat_that_nobody_connected(firm: Connection) -> None:
    as_service(firm)
    erase(firm)
    assert ingest(firm, said(ANNA, monday("15:00"), "Есть кто?")) == ["recorded"]
    (chat,) = all_rows(firm, "select * from public.chats where chat_id = %s", ROMASHKA)
    assert (chat["client_id"], chat["connected_at"], chat["monitoring_enabled"]) == (None, None, False)
    assert one(firm, "select count(*) from public.client_requests where chat_id = %s", ROMASHKA) == 0


def test_alerts_that_people_have_lose_the_clients_words(firm: Connection) -> None:
    as_service(firm)
    ingest(firm, said(ANNA, monday("14:00"), "Ещё один вопрос", author_name="Анна Ромашкина"))
    sweep(firm, monday("15:30"))
    deliver(firm, monday("15:30"))
    erase(firm)
    edits = deliver(firm, monday("15:40"))
    assert edits and all(message["telegram_message_id"] for message in edits)
    told = json.dumps(edits, ensure_ascii=False)
    assert "Ещё один вопрос" not in told and "Ромашк" not in told and "t.me/c/1000000001" not in told


def test_the_name_must_be_typed(firm: Connection) -> None:
    as_service(firm)
    for wrong in ("", "ооо ромашка", "ИП Лебедева", None):
        with pytest.raises(psycopg.DatabaseError, match="name_differs"), firm.transaction():
            firm.execute("select api.erase_client(%s, %s)", [CLIENT, wrong])
    assert erase(firm, name=f" {NAME} ")["messages"] == 6


@pytest.mark.parametrize("role", [*STAFF, "anon", "service_role"])
def test_only_admins_and_operators_export_and_erase(firm: Connection, role: str) -> None:
    for call in ("api.export_client(%s)", "api.erase_client(%s, 'ООО Ромашка')"):
        with acting_as(firm, role):
            if role == "service_role":
                as_service(firm)
            if role in ("admin", "service_role"):
                assert one(firm, f"select {call}", CLIENT)
                continue
            code = "42501" if role == "anon" else "PT403"
            for client in (CLIENT, "00000000-0000-4000-8000-00000000ffff"):
                with pytest.raises(psycopg.DatabaseError) as refused, firm.transaction():
                    firm.execute(f"select {call}".encode(), [client])
                assert refused.value.sqlstate == code


def test_what_is_not_there_is_said(firm: Connection) -> None:
    as_service(firm)
    nobody = "00000000-0000-4000-8000-00000000ffff"
    for call, key in (
        (f"api.export_client('{nobody}')", "client_not_found"),
        (f"api.erase_client('{nobody}', '')", "client_not_found"),
        (f"api.export_client('{CLIENT}', 'secrets')", "unknown_part"),
    ):
        with pytest.raises(psycopg.DatabaseError, match=key), firm.transaction():
            firm.execute(f"select {call}".encode())


def test_export_and_erasure_are_recorded_with_who_did_it(firm: Connection) -> None:
    with acting_as(firm, "admin"):
        one(firm, "select api.export_client(%s)", CLIENT)
        one(firm, "select api.export_client(%s, 'messages')", CLIENT)
        erased = erase(firm)
        rows = all_rows(
            firm,
            "select * from api.audit_log where entity_id = %s and action in ('export', 'erase') order by id",
            CLIENT,
        )
    assert [(row["action"], row["entity"], row["details"]) for row in rows] == [
        ("export", "clients", {}),
        ("erase", "clients", erased),
    ]
    assert {row["actor_id"] for row in rows} == {user_id(ADMIN)}


# --- The export ----------------------------------------------------------------------------------------------------


def exported(db: Connection, part: str, batch: int = 1000) -> list[Row]:
    """All pages of a part."""
    rows: list[Row] = []
    after = None
    while True:
        page = one(db, "select api.export_client(%s, %s, %s, %s)", CLIENT, part, after and json.dumps(after), batch)
        assert len(page["rows"]) <= batch or page["next"] is None
        rows += page["rows"]
        after = page["next"]
        if after is None:
            return rows


@pytest.mark.parametrize("batch", [1, 2, 3, 1000])
def test_the_pages_of_an_export_hold_everything_once_and_nothing_of_others(firm: Connection, batch: int) -> None:
    as_service(firm)
    messages = exported(firm, "messages", batch)
    texts = sorted(filter(None, (row["message_text"] or row["caption"] for row in messages)))
    assert texts == sorted(
        ["Где канарейка-текст?", "канарейка-правка", "Вот канарейка-подпись", "канарейка-подпись", "Готово", "/start"]
    )
    keys = [(row["chat_id"], row["message_id"], row["edit_version"]) for row in messages]
    assert len(set(keys)) == len(keys) == 6
    requests = exported(firm, "requests", batch)
    assert [(row["closed_as"], row["accountant"]) for row in requests] == [
        ("met", "Ольга Петрова"),
        ("met_late", "Ольга Петрова"),
    ]
    assert requests[1]["alerts"] and requests[1]["told"] and requests[1]["events"]
    assert [row["emoji"] for row in exported(firm, "reactions", batch)] == ["👍"]
    everything_of_it = json.dumps(
        [exported(firm, part) for part in ("client", "chats", "people", "messages", "requests", "rejects")],
        ensure_ascii=False,
    )
    assert "Чужая" not in everything_of_it


def test_an_export_names_the_people_and_what_could_not_be_stored(firm: Connection) -> None:
    as_service(firm)
    (person,) = exported(firm, "people")
    assert (person["telegram_user_id"], person["names"], person["messages"]) == (ZOYA, ["Зоя Заметная"], 4)
    assert [row["reason"] for row in exported(firm, "rejects")] == ["date"]
    assert {row["chat_name"] for row in exported(firm, "chats")} == {NAME, "Зоя Заметная"}


def test_an_export_goes_through_topics_and_chats_in_order(firm: Connection) -> None:
    as_service(firm)
    firm.execute("update public.chats set client_id = %s where chat_id = %s", [CLIENT, LEBEDEVA])
    for minute in range(5):
        ingest(
            firm,
            said(ANNA, monday(f"16:0{minute}"), topic_id=7 - minute),
            said(PETR, monday(f"16:1{minute}"), chat=LEBEDEVA),
        )
    whole = exported(firm, "messages")
    assert len(whole) == 17
    assert [exported(firm, "messages", batch) for batch in (1, 4)] == [whole, whole]
