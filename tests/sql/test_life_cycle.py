"""The life of a chat (C14, G2, G3): measured or not, moved, left, deleted, restored."""

import itertools
from typing import Any

import pytest

from tests.sql.firm import (
    ANNA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    alerts,
    all_rows,
    deliver,
    ingest,
    membership,
    monday,
    one,
    outbox,
    reacted,
    said,
    sweep,
    user_id,
    window,
    windows,
)

OLD, NEW = -4001, -1004001


def measure(db: Connection, *, on: bool) -> None:
    db.execute("update public.chats set monitoring_enabled = %s where chat_id = %s", [on, ROMASHKA])


def test_c14_without_monitoring_open_windows_are_void_and_nothing_fires(late: Connection) -> None:
    sweep(late, monday("10:48"))
    deliver(late, monday("10:48"))
    measure(late, on=False)
    assert (window(late)["outcome"], window(late)["closed_because"]) == ("voided", "monitoring_off")
    assert alerts(late) == [("warning", 0, "voided")]
    assert sweep(late, monday("11:30")) == 0
    (edit,) = deliver(late, monday("11:30"))
    assert edit["facts"]["windows"][0]["outcome"] == "voided"
    ingest(late, said(OLGA, monday("10:50"), "Готово"))
    assert (window(late)["outcome"], window(late)["responded_at"]) == ("voided", None)


def test_c14_what_was_said_without_monitoring_never_counts(late: Connection) -> None:
    measure(late, on=False)
    ingest(late, said(ANNA, monday("10:10"), "Ау"))
    measure(late, on=True)
    ingest(late, said(OLGA, monday("10:20"), "Готово"), said(ANNA, monday("10:05"), message_id=1, update_id=1))
    assert [w["outcome"] for w in windows(late)] == ["voided", "met"]
    assert windows(late)[1]["opened_at"] == monday("10:05")


def test_g2_a_removed_bot_voids_and_pauses_and_the_owner_hears_of_it_once(late: Connection) -> None:
    gone = membership("kicked", monday("10:30"))
    assert ingest(late, gone) == ["recorded"]
    assert ingest(late, gone) == ["duplicate"]
    assert (window(late)["outcome"], window(late)["closed_because"]) == ("voided", "bot_removed")
    assert one(late, "select monitoring_enabled from api.chats where chat_id = %s", ROMASHKA) is False
    late.execute("update public.outbox set next_attempt_at = %s", [monday("10:30")])
    (notice,) = deliver(late, monday("10:31"))
    assert (notice["kind"], notice["recipient_chat_id"], notice["facts"]["event"]) == (
        "chat_notice",
        OLGA,
        "bot_removed",
    )
    assert sweep(late, monday("11:30")) == 0


def test_g3_the_bot_back_in_the_chat_goes_on(late: Connection) -> None:
    ingest(late, membership("left", monday("10:30")), membership("member", monday("10:40")))
    ingest(late, said(ANNA, monday("10:45"), "Ау"))
    assert [w["outcome"] for w in windows(late)][-1] == "overdue"
    ingest(late, membership("left", monday("10:35")))
    assert one(late, "select bot_status from api.chats where chat_id = %s", ROMASHKA) == "member"


def test_g3_a_chat_that_was_not_measured_is_not_measured_when_the_bot_is_back(db: Connection) -> None:
    measure(db, on=False)
    ingest(db, membership("left", monday("10:30")), membership("administrator", monday("10:40")))
    assert one(db, "select monitoring_enabled from api.chats where chat_id = %s", ROMASHKA) is False
    assert outbox(db) == []


@pytest.mark.parametrize("back", ["restored", "bot added again"])
def test_g3_a_deleted_chat_is_silent_and_comes_back_whole(late: Connection, back: str) -> None:
    late.execute("update public.chats set deleted_at = now() where chat_id = %s", [ROMASHKA])
    assert window(late)["closed_because"] == "chat_deleted"
    assert ingest(late, said(ANNA, monday("10:10"), "Ау")) == ["recorded"]
    assert len(windows(late)) == 1
    if back == "restored":
        late.execute("update public.chats set deleted_at = null where chat_id = %s", [ROMASHKA])
    else:
        ingest(late, membership("member", monday("10:40")))
    ingest(late, said(ANNA, monday("10:45"), "Где счёт?"))
    assert [w["opened_at"] for w in windows(late)] == [monday("10:00"), monday("10:45")]


def group(db: Connection) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, monitoring_enabled, connected_at)"
        " values (%s, 'group', 'Растущая', %s, true, now())",
        [OLD, user_id(OLGA)],
    )


def test_migration_keeps_everything_under_the_new_id_in_any_order_and_however_often(db: Connection) -> None:
    here: dict[str, Any] = {"chat": OLD, "chat_type": "group", "chat_name": "Растущая"}
    there: dict[str, Any] = {"chat": NEW, "chat_name": "Растущая"}
    question = said(ANNA, monday("10:00"), **here)
    updates = [
        question,
        reacted(OLGA, question, monday("10:01")),
        said(OLGA, monday("10:10"), None, kind="service", migrated_to=NEW, **here),
        said(OLGA, monday("10:10"), None, kind="service", migrated_from=OLD, **there),
        said(OLGA, monday("10:20"), "Готово", **there),
    ]
    found = set()
    for order in itertools.permutations(updates):
        with db.transaction(force_rollback=True):
            group(db)
            for update in (*order, *order[:2]):
                ingest(db, update)
            assert one(db, "select count(*) from public.chats where chat_id = %s", OLD) == 0
            only = window(db, NEW)
            found.add((only["opened_at"], only["responded_at"], only["acknowledged_at"], only["outcome"]))
            assert one(db, "select count(*) from public.chat_messages where chat_id = %s", NEW) == 4
    assert found == {(monday("10:00"), monday("10:20"), monday("10:01"), "met")}


def test_the_firms_own_group_migrates_with_its_messages(db: Connection) -> None:
    db.execute(
        "insert into public.chats (chat_id, type, chat_name, internal) values (%s, 'group', 'Своя', true)", [OLD]
    )
    db.execute(
        "insert into public.outbox (kind, recipient_chat_id, subject_id) values ('chat_notice', %s, gen_random_uuid())",
        [OLD],
    )
    ingest(db, said(OLGA, monday("10:00"), None, kind="service", migrated_to=NEW, chat=OLD, chat_type="group"))
    db.execute("set constraints all immediate")
    assert [row["recipient_chat_id"] for row in outbox(db)] == [NEW]


@pytest.mark.parametrize(("status", "because"), [("kicked", "blocked"), ("member", None)])
def test_who_blocks_the_bot_in_private_cannot_be_reached(db: Connection, status: str, because: str | None) -> None:
    ingest(db, membership("member", monday("10:00"), PETR), membership(status, monday("10:05"), PETR))
    reach = all_rows(db, "select unreachable_because from public.users where telegram_id = %s", PETR)
    assert reach == [{"unreachable_because": because}]
