"""What makes a chat an accountant's own besides ownership: standing in, and sharing a segment."""

import pytest

from tests.sql.firm import (
    ANNA,
    IVAN,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    VERA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    monday,
    one,
    press,
    said,
    sweep,
    user_id,
)

VIEWS = ("chats", "chat_messages", "client_requests", "sla_alerts")


@pytest.fixture
def firm(db: Connection) -> Connection:
    ingest(db, said(ANNA, monday("10:00")), said(VERA, monday("10:00"), chat=LEBEDEVA, chat_name="ИП Лебедева"))
    sweep(db, monday("12:00"))
    return db


def share(db: Connection, chat: int, *people: int) -> None:
    db.execute("insert into public.chat_segments (name, created_by) values ('Общие', %s)", [user_id(PETR)])
    db.execute(
        "insert into public.chat_segment_chats (segment_id, chat_id)"
        " select s.id, %s from public.chat_segments as s where s.name = 'Общие'",
        [chat],
    )
    for person in people:
        db.execute(
            "insert into public.chat_segment_accountants (segment_id, user_id)"
            " select s.id, %s from public.chat_segments as s where s.name = 'Общие'",
            [user_id(person)],
        )


def reads(db: Connection, role: str, chat: int) -> list[str]:
    """The views in which somebody finds something of a chat."""
    with acting_as(db, role):
        return [
            view
            for view in VIEWS
            if one(
                db,
                f"select count(*) from api.{view} where "
                + (
                    "request_id in (select id from api.client_requests where chat_id = %s)"
                    if "alert" in view
                    else "chat_id = %s"
                ),
                chat,
            )
        ]


def test_i1_an_accountant_reads_the_chats_of_a_shared_segment_and_no_others(firm: Connection) -> None:
    assert reads(firm, "accountant", LEBEDEVA) == []
    share(firm, LEBEDEVA, OLGA)
    assert reads(firm, "accountant", LEBEDEVA) == list(VIEWS)
    assert reads(firm, "accountant2", ROMASHKA) == []


def test_i1_a_segment_gives_nothing_to_who_is_not_in_it_or_is_no_accountant(firm: Connection) -> None:
    share(firm, ROMASHKA, 1005)
    assert reads(firm, "accountant2", ROMASHKA) == []
    assert "chat_messages" not in reads(firm, "observer", ROMASHKA)


def test_i1_what_is_taken_out_of_a_segment_is_out_of_sight_at_once(firm: Connection) -> None:
    share(firm, LEBEDEVA, OLGA)
    firm.execute("delete from public.chat_segment_accountants")
    assert reads(firm, "accountant", LEBEDEVA) == []


def test_i1_a_substitute_reads_owned_and_shared_chats_of_who_is_away(firm: Connection) -> None:
    share(firm, ROMASHKA, IVAN)
    firm.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [ROMASHKA])
    assert reads(firm, "accountant", ROMASHKA) == []
    firm.execute(
        "insert into public.absences (user_id, substitute_id, during)"
        " values (%s, %s, tstzrange(now() - interval '1 day', null))",
        [user_id(IVAN), user_id(OLGA)],
    )
    assert reads(firm, "accountant", ROMASHKA) == list(VIEWS)
    assert reads(firm, "accountant", LEBEDEVA) == list(VIEWS)


def test_who_shares_a_segment_acts_in_its_chats(firm: Connection) -> None:
    share(firm, LEBEDEVA, OLGA)
    message = all_rows(
        firm, "select o.* from api.outbox as o where o.recipient_chat_id = %s and o.finished_at is null", IVAN
    )[0]
    assert press(firm, OLGA, "take", message=message)["outcome"] == "taken"


def test_a_manager_makes_segments_and_sees_only_those_of_the_own_team(firm: Connection) -> None:
    firm.execute("insert into public.chat_segments (name, created_by) values ('Чужой', %s)", [user_id(1001)])
    with acting_as(firm, "manager"):
        firm.execute("insert into api.chat_segments (name) values ('Свой')")
        firm.execute(
            "insert into api.chat_segment_chats (segment_id, chat_id) select s.id, %s from api.chat_segments as s",
            [ROMASHKA],
        )
        assert all_rows(firm, "select name from api.chat_segments") == [{"name": "Свой"}]
        assert one(firm, "select created_by from api.chat_segments") == user_id(PETR)


def test_a_manager_reads_what_his_accountants_did_and_nobody_elses(firm: Connection) -> None:
    def seen() -> set[str]:
        with acting_as(firm, "manager"):
            rows = all_rows(firm, "select actor_id from api.audit_log where entity_id = 'test'")
        return {str(row["actor_id"])[-4:] for row in rows}

    firm.execute(
        "insert into public.audit_log (actor_id, action, entity, entity_id)"
        " select u.id, 'update', 'clients', 'test' from public.users as u"
    )
    assert seen() == {"1002", "1003", "1004"}
    firm.execute("insert into public.manager_accountants values (%s, %s)", [user_id(1001), user_id(IVAN)])
    assert seen() == {"1002", "1003"}
    firm.execute("insert into public.manager_accountants values (%s, %s)", [user_id(PETR), user_id(IVAN)])
    assert seen() == {"1002", "1003", "1004"}
