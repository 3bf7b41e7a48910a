"""What keeps a chat or the firm from being watched shows at once, with the fix; what nobody would hear of stays off."""

import json
from datetime import datetime

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    LEBEDEVA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    acting_as,
    all_rows,
    ingest,
    membership,
    monday,
    moscow,
    one,
    said,
    user_id,
)
from tests.sql.oracle import Schedule
from tests.sql.schedules import store

NEW = -1001000000009
Finding = tuple[str, str | None]


def findings(db: Connection, chat: int = ROMASHKA, at: datetime | None = None) -> dict[str, Finding]:
    """(state, fix) by check."""
    rows = all_rows(
        db, "select * from private.chat_findings(%s) where chat_id = %s order by 1", at or monday("12:00"), chat
    )
    return {row["check"]: (row["state"], row["fix"]) for row in rows}


def amiss(db: Connection, chat: int = ROMASHKA, at: datetime | None = None) -> dict[str, Finding]:
    return {check: found for check, found in findings(db, chat, at).items() if found[0] != "green"}


@pytest.fixture
def well(db: Connection) -> Connection:
    """A firm in which nothing is amiss: the bot reads everything, and clients write."""
    db.execute("select api.note_bot(999, 'buh_bot', true)")
    db.execute("update public.chats set bot_status = 'member', bot_status_at = %s", [monday("09:00")])
    ingest(db, said(ANNA, monday("10:00")))
    return db


def test_a_chat_that_is_well_is_green_in_everything(well: Connection) -> None:
    found = findings(well)
    assert amiss(well) == {}
    assert sorted(found) == [
        "anonymous_staff", "bot_present", "connected", "last_message", "may_read", "measured", "owner_linked",
        "policy_has_recipients", "recipients_reachable", "schedule_has_time", "silent",
    ]  # fmt: skip


def test_a7_a_group_nobody_connected_is_amber_and_asked_little(well: Connection) -> None:
    ingest(well, said(ANNA, monday("10:00"), chat=NEW))
    assert amiss(well, NEW) == {"connected": ("amber", "connect_chat"), "bot_present": ("amber", "check_bot")}
    assert "owner_linked" not in findings(well, NEW)
    ingest(well, membership("left", monday("11:00"), NEW))
    assert findings(well, NEW) == {}


def test_g1_g2_where_the_bot_is_gone_or_deaf_the_chat_is_red(well: Connection) -> None:
    well.execute("select api.note_bot(999, 'buh_bot', false)")
    assert amiss(well) == {"may_read": ("red", "let_bot_read")}
    ingest(well, membership("administrator", monday("10:30")))
    assert amiss(well) == {}
    ingest(well, membership("kicked", monday("11:00")))
    assert amiss(well) == {"bot_present": ("red", "add_bot"), "measured": ("amber", "switch_monitoring_on")}
    since = one(
        well, "select since from private.chat_findings(now()) where \"check\" = 'bot_present' and state = 'red'"
    )
    assert since == monday("11:00")


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        ("update public.chats set assigned_accountant_id = null", "assign_owner"),
        ("update public.users set active = false where telegram_id = 1003", "assign_owner"),
        ("update public.users set telegram_id = null where telegram_id = 1003", "link_telegram"),
        (
            "update public.users set unreachable_since = now(), unreachable_because = 'deleted' where role <> 'admin'",
            "start_bot_in_private",
        ),
    ],
)
def test_a_chat_whose_owner_cannot_be_told_is_red(well: Connection, change: str, fix: str) -> None:
    well.execute(change.encode())
    assert amiss(well) == {"owner_linked": ("red", fix)}


def test_e12_a_chat_that_nobody_hears_of_turns_red(well: Connection) -> None:
    well.execute("update public.users set telegram_id = null where telegram_id <> %s", [OLGA])
    assert amiss(well) == {}
    well.execute("update public.users set active = false where telegram_id = %s", [OLGA])
    assert amiss(well) == {
        "owner_linked": ("red", "assign_owner"),
        "recipients_reachable": ("red", "make_somebody_reachable"),
    }


def test_d14_a_schedule_that_never_works_turns_its_chats_red(well: Connection) -> None:
    empty = store(well, Schedule("Europe/Moscow"))
    well.execute("update public.chats set schedule_id = %s where chat_id = %s", [empty, ROMASHKA])
    assert amiss(well) == {"schedule_has_time": ("red", "give_schedule_hours")}
    assert "schedule_has_time" not in amiss(well, LEBEDEVA)


def test_a_step_without_recipients_is_red(well: Connection) -> None:
    steps = [
        {"kind": "breach", "recipients": ["owner"]},
        {"kind": "escalation", "level": 1, "after_minutes": 30, "recipients": []},
    ]
    policy = one(well, "select id from public.sla_policies where tier = 'standard'")
    well.execute("select api.change_ladder(%s, %s)", [policy, json.dumps(steps)])
    assert amiss(well) == {"policy_has_recipients": ("red", "name_recipients")}


def test_a_chat_that_fell_silent_or_never_spoke_is_amber(well: Connection) -> None:
    assert amiss(well, at=moscow("2026-04-19 10:00")) == {}
    assert amiss(well, at=moscow("2026-04-21 10:00")) == {"silent": ("amber", "ask_whether_still_used")}
    assert amiss(well, LEBEDEVA) == {"last_message": ("amber", "write_a_message")}


def test_b4_anonymous_voices_that_count_as_clients_are_pointed_out(well: Connection) -> None:
    ingest(well, said(1087968824, monday("10:30"), on_behalf=True))
    assert amiss(well) == {"anonymous_staff": ("amber", "decide_who_speaks_as_group")}
    well.execute("update public.chats set anonymous_staff = true where chat_id = %s", [ROMASHKA])
    assert amiss(well) == {}


def test_what_is_no_loss_yet_is_amber(well: Connection) -> None:
    well.execute(
        "update public.chats set monitoring_enabled = false, assigned_accountant_id = null where chat_id = %s",
        [ROMASHKA],
    )
    assert amiss(well) == {
        "measured": ("amber", "switch_monitoring_on"),
        "owner_linked": ("amber", "assign_owner"),
    }


@pytest.mark.parametrize(("role", "chats"), [("manager", 3), ("accountant", 2), ("accountant2", 1), ("observer", 3)])
def test_i1_everybody_sees_the_health_of_the_chats_they_may_see(well: Connection, role: str, chats: int) -> None:
    whole = {(row["chat_id"], row["check"], row["state"]) for row in all_rows(well, "select * from api.chat_health")}
    with acting_as(well, role):
        seen = {(row["chat_id"], row["check"], row["state"]) for row in all_rows(well, "select * from api.chat_health")}
    assert len({chat for chat, *_ in seen}) == chats
    assert seen == {row for row in whole if row[0] in {chat for chat, *_ in seen}}


def switch(db: Connection, *, on: bool, chat: int = ROMASHKA) -> None:
    db.execute("update public.chats set monitoring_enabled = %s where chat_id = %s", [on, chat])


def test_e12_monitoring_is_not_switched_on_where_nobody_would_be_told(db: Connection) -> None:
    switch(db, on=False)
    db.execute("update public.users set telegram_id = null")
    with pytest.raises(psycopg.Error, match="nobody_would_be_told") as refused, db.transaction():
        switch(db, on=True)
    assert refused.value.sqlstate == "PT409"
    db.execute("update public.users set telegram_id = %s where id = %s", [PETR, user_id(PETR)])
    switch(db, on=True)


def test_e12_a_chat_is_not_inserted_measured_where_nobody_would_be_told(db: Connection) -> None:
    db.execute("update public.users set telegram_id = null")
    with pytest.raises(psycopg.Error, match="nobody_would_be_told"), db.transaction():
        db.execute(
            "insert into public.chats (chat_id, type, chat_name, monitoring_enabled, connected_at)"
            " values (%s, 'group', 'Новый', true, now())",
            [NEW],
        )


def test_a_message_of_the_bots_return_is_never_refused(db: Connection) -> None:
    ingest(db, membership("kicked", monday("10:00")))
    db.execute("update public.users set telegram_id = null")
    assert ingest(db, membership("member", monday("11:00"))) == ["recorded"]
    assert one(db, "select monitoring_enabled from public.chats where chat_id = %s", ROMASHKA)
    assert findings(db)["recipients_reachable"] == ("red", "make_somebody_reachable")
