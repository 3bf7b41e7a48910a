"""Admins edit policies and ladders: preview and test box say what the engine then does, and who may (S8, S13)."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    MARIA,
    MOSCOW,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    deliver,
    ingest,
    monday,
    moscow,
    one,
    said,
    sweep,
    told,
    user_id,
    window,
)
from tests.sql.people import speaking
from tests.sql.schedules import rebuild

NOW = monday("12:30")
LADDER: list[Row] = [
    {"kind": "warning", "recipients": ["owner"]},
    {"kind": "breach", "recipients": ["owner", "manager"]},
    {"kind": "escalation", "level": 1, "after_minutes": 15, "recipients": ["head"]},
]


@pytest.fixture
def policy(db: Connection) -> UUID:
    """The policy of a demo chat, with its calendar around the week of the tests."""
    rebuild(db, one(db, "select default_schedule_id from public.settings"), NOW)
    found: UUID = one(db, "select policy_id from private.chat_terms where chat_id = %s", ROMASHKA)
    return found


def save(db: Connection, policy: UUID | None, *, dry_run: bool = False, by: int = ADMIN, **stated: Any) -> Row:
    said_of: Row = {
        "name": "Проба",
        "tier": "standard" if policy else None,
        "target": 30,
        "warn": 50,
        "always": False,
        "steps": LADDER,
        **stated,
    }
    with speaking(db, user_id(by)):
        answer: Row = one(
            db,
            "select api.save_policy(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(policy, said_of["name"], said_of["tier"], said_of["target"], said_of["warn"], said_of["always"]),
            *(json.dumps(said_of["steps"]), dry_run, NOW),
        )
    return answer


def bring(db: Connection, policy: UUID, *, dry_run: bool = False, by: int = ADMIN) -> Row:
    with speaking(db, user_id(by)):
        answer: Row = one(db, "select api.bring_to_policy(%s, %s, %s)", policy, dry_run, NOW)
    return answer


def attempt(db: Connection, policy: UUID, at: datetime, chat: int = ROMASHKA, by: int = ADMIN) -> Row:
    chat_id = one(db, "select id from public.chats where chat_id = %s", chat)
    with speaking(db, user_id(by)):
        answer: Row = one(db, "select api.try_policy(%s, %s, %s)", policy, chat_id, at.replace(tzinfo=None))
    return answer


def kept(db: Connection) -> list[Any]:
    tables = ("sla_policies", "sla_policy_versions", "ladder_steps", "client_requests", "request_events", "outbox")
    return [all_rows(db, f"select * from public.{table} as t order by t::text") for table in tables]


# Each saves and applies a policy several times, a twentieth of a second: 300 would take `make test` a quarter minute.
@law(30)
@given(
    target=st.integers(5, 300),
    warn=st.integers(1, 99),
    always=st.booleans(),
    asked=st.lists(st.integers(0, 24 * 60), min_size=1, max_size=3),
)
def test_a_preview_is_what_applying_the_new_version_then_does(
    weeks: Connection, policy: UUID, *, target: int, warn: int, always: bool, asked: list[int]
) -> None:
    with weeks.transaction(force_rollback=True):
        for nth, minutes in enumerate(asked):
            ingest(weeks, said(ANNA, moscow("2026-04-05 12:00") + timedelta(minutes=minutes), topic_id=nth))
        stated: dict[str, Any] = {"target": target, "warn": warn, "always": always}
        before = kept(weeks)
        foretold = save(weeks, policy, dry_run=True, **stated)
        assert kept(weeks) == before
        save(weeks, policy, **stated)
        # Saving reaches no open window; being told to does, once.
        assert kept(weeks)[3:5] == before[3:5]
        due = "select id, due_at from public.client_requests"
        before_it = {row["id"]: row["due_at"] for row in all_rows(weeks, due)}
        assert bring(weeks, policy, dry_run=True) == foretold == bring(weeks, policy)
        moved = sum(before_it[row["id"]] != row["due_at"] for row in all_rows(weeks, due))
        assert foretold["moved"]["moved"] == moved
        assert foretold["windows"] == len(asked)
        assert bring(weeks, policy)["windows"] == 0


def test_targets_and_ladder_are_one_version_and_a_name_is_none(db: Connection, policy: UUID) -> None:
    version = one(db, "select version from public.sla_policies where id = %s", policy)
    assert save(db, policy)["version"] == version + 1
    assert save(db, policy, name="Иначе")["version"] == version + 1
    assert save(db, policy, name="Иначе", steps=LADDER[:2])["version"] == version + 2
    versions = one(db, "select api.policy_page(%s) -> 'versions'", policy)
    assert [len(v["steps"]) for v in versions[:2]] == [2, 3]
    assert {v["made_by"] for v in versions[:2]} == {"Ирина Соколова"}


def test_a_new_policy_is_its_first_version(db: Connection) -> None:
    made = save(db, None, name="Для VIP")
    assert made["version"] == 1
    page = one(db, "select api.policy_page(%s)", made["policy_id"])
    assert ([step["kind"] for step in page["policy"]["steps"]], len(page["versions"])) == (
        ["warning", "breach", "escalation"],
        1,
    )


@law(30)
@given(minutes=st.integers(0, 5 * 24 * 60), target=st.integers(5, 120), warn=st.integers(10, 90))
def test_the_test_box_foretells_deadline_warning_and_who_is_told_when(
    weeks: Connection, policy: UUID, minutes: int, target: int, warn: int
) -> None:
    with weeks.transaction(force_rollback=True):
        save(weeks, policy, target=target, warn=warn)
        at = moscow("2026-04-06 00:00") + timedelta(minutes=minutes)
        box = attempt(weeks, policy, at)
        ingest(weeks, said(ANNA, at))
        row = window(weeks)
        assert [datetime.fromisoformat(box[key]) for key in ("warn_at", "due_at")] == [row["warn_at"], row["due_at"]]
        names = {user_id(number): name for number, name in _people(weeks).items()}
        for step in box["steps"]:
            # The deadline itself is not late yet.
            reached = datetime.fromisoformat(step["at"])
            sweep(weeks, reached + timedelta(seconds=step["kind"] == "breach"))
            heard = [who for kind, level, who in told(weeks) if (kind, level) == (step["kind"], step["level"])]
            assert sorted(names[user_id(who)] for who in heard) == [person["name"] for person in step["people"]]


def _people(db: Connection) -> dict[int, str]:
    return {row["telegram_id"]: row["full_name"] for row in all_rows(db, "select * from public.users")}


def test_a_named_person_is_told_or_the_substitute_or_else_the_head(db: Connection, policy: UUID) -> None:
    steps = [{"kind": "breach", "recipients": ["owner", str(user_id(IVAN))]}]
    save(db, policy, steps=steps)

    def heard() -> list[str]:
        (step,) = attempt(db, policy, monday("10:00"))["steps"]
        return [person["name"] for person in step["people"]]

    assert heard() == ["Иван Кузнецов", "Ольга Петрова"]
    db.execute(
        "insert into public.absences (user_id, substitute_id, during) values (%s, %s, %s)",
        [user_id(IVAN), user_id(PETR), "[2026-04-06,2026-04-07)"],
    )
    assert heard() == ["Ольга Петрова", "Пётр Волков"]
    db.execute("delete from public.absences")
    db.execute(
        "update public.users set unreachable_since = now(), unreachable_because = 'blocked' where id = %s",
        [user_id(IVAN)],
    )
    assert heard() == ["Ирина Соколова", "Ольга Петрова"]
    ingest(db, said(ANNA, monday("10:00")))
    sweep(db, monday("10:31"))
    assert [who for *_, who in told(db)] == [ADMIN, OLGA]


def test_quiet_hours_of_a_recipient_are_told_beside_the_name(db: Connection, policy: UUID) -> None:
    db.execute("update public.users set quiet_from = '10:00', quiet_until = '11:00' where id = %s", [user_id(OLGA)])
    warning, *_ = attempt(db, policy, monday("09:45"))["steps"]
    (olga,) = warning["people"]
    assert (olga["name"], datetime.fromisoformat(olga["quiet_until"])) == ("Ольга Петрова", monday("11:00"))


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ({"name": ""}, "policy_has_no_name"),
        ({"name": "Круглосуточно"}, "policy_name_taken"),
        ({"tier": "vip"}, "tier_has_a_policy"),
        ({"tier": "golden"}, "tier_is_known"),
        ({"target": 0}, "target_is_between_a_minute_and_a_week"),
        ({"target": 10_081}, "target_is_between_a_minute_and_a_week"),
        ({"target": None}, "target_is_between_a_minute_and_a_week"),
        ({"warn": 100}, "warning_comes_before_the_deadline"),
        ({"steps": LADDER[:1]}, "breach_told_to_nobody"),
        ({"steps": [*LADDER[1:], {"kind": "warning", "recipients": []}]}, "step_without_recipients"),
        ({"steps": [LADDER[1], LADDER[2], {**LADDER[2], "level": 2}]}, "steps_out_of_order"),
        ({"steps": [{"kind": "breach", "recipients": [str(user_id(MARIA))]}]}, "step_is_for_a_stranger"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_changes_nothing(
    db: Connection, policy: UUID, stated: Row, key: str
) -> None:
    before = kept(db)
    with pytest.raises(psycopg.Error, match=key) as refused, db.transaction():
        save(db, policy, **stated)
    assert (refused.value.sqlstate or "").startswith("PT4")
    assert kept(db) == before


@pytest.mark.parametrize("who", [PETR, OLGA, MARIA])
def test_all_but_admins_are_refused_and_read(db: Connection, policy: UUID, who: int) -> None:
    acts: list[Callable[[], object]] = [
        lambda: save(db, policy, by=who),
        lambda: save(db, policy, by=who, dry_run=True),
        lambda: bring(db, policy, by=who),
        lambda: _test_alert(db, who),
    ]
    if who != PETR:
        acts.append(lambda: attempt(db, policy, NOW, by=who))
    for act in acts:
        with pytest.raises(psycopg.Error, match="not_allowed"), db.transaction():
            act()
    with speaking(db, user_id(who)):
        page = one(db, "select api.policy_page(%s)", policy)
    assert (page["policy"]["target_minutes"], len(page["chats"])) == (60, 2 if who == OLGA else 3)


def _test_alert(db: Connection, by: int, *people: int) -> int:
    with speaking(db, user_id(by)):
        owed: int = one(
            db, "select api.send_test_alert(%s, %s)", [user_id(who) for who in people] or None, datetime.now(MOSCOW)
        )
    return owed


def _became(db: Connection) -> list[tuple[str, str]]:
    with speaking(db, user_id(ADMIN)):
        rows = all_rows(db, "select recipient, status from api.test_alerts() order by recipient")
    return [(row["recipient"], row["status"]) for row in rows]


def test_a_test_alert_goes_through_the_outbox_once_and_its_fate_is_seen(db: Connection) -> None:
    assert _test_alert(db, ADMIN) == 1
    assert _test_alert(db, ADMIN, ADMIN, PETR) == 2
    assert _became(db) == [("Ирина Соколова", "pending"), ("Пётр Волков", "pending")]
    sent = deliver(db, datetime.now(MOSCOW) + timedelta(minutes=1))
    assert sorted((message["recipient_chat_id"], message["facts"]["event"]) for message in sent) == [
        (ADMIN, "test_alert"),
        (PETR, "test_alert"),
    ]
    assert _became(db) == [("Ирина Соколова", "sent"), ("Пётр Волков", "sent")]


def test_a_test_alert_to_nobody_in_telegram_is_refused(db: Connection) -> None:
    db.execute("update public.users set telegram_id = null where id = %s", [user_id(ADMIN)])
    with pytest.raises(psycopg.Error, match="nobody_to_tell"), db.transaction():
        _test_alert(db, ADMIN)


def test_a_tier_without_a_policy_of_its_own_gets_one(db: Connection, policy: UUID) -> None:
    db.execute("update public.sla_policies set tier = null where tier = 'basic'")
    made = save(db, None, name="Базовый новый", tier="basic", target=120)
    assert str(one(db, "select policy_id from private.chat_terms where chat_id = %s", LEBEDEVA)) == made["policy_id"]
    ingest(db, said(BORIS, monday("10:00"), chat=LEBEDEVA))
    assert window(db, LEBEDEVA)["due_at"] == monday("12:00")
