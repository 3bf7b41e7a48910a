"""What people of the firm see of their work: whose waits, in which order, and what they may do about them."""

import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    BORIS,
    IVAN,
    LEBEDEVA,
    MARIA,
    NIGHT,
    OLGA,
    PETR,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
    window,
)

AT = monday("11:30")


def ask(db: Connection, function: str, *arguments: Any) -> Any:
    """Call a function of `api` as the bot does."""
    db.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps({"role": "service_role"})])
    return one(db, f"select api.{function}({', '.join(['%s'] * len(arguments))})", *arguments)


def refused(db: Connection, key: str, function: str, *arguments: Any) -> None:
    with pytest.raises(psycopg.Error, match=key), db.transaction():
        ask(db, function, *arguments)


def waits(db: Connection, who: int, page: int = 0) -> Row:
    found: Row = ask(db, "staff_queue", who, page, AT)
    return found


def names(found: Row) -> list[str]:
    return [one["chat_name"] for one in found["windows"]]


@pytest.fixture
def busy(db: Connection) -> Connection:
    """Anna waits at Olga's since ten, Boris at Ivan's since eleven."""
    ingest(db, said(ANNA, monday("10:00")), said(BORIS, monday("11:00"), chat=LEBEDEVA, chat_name="ИП Лебедева"))
    return db


def run_by(db: Connection, manager: int, accountant: int) -> None:
    db.execute("insert into public.manager_accountants values (%s, %s)", [user_id(manager), user_id(accountant)])


def away(db: Connection, who: int, substitute: int) -> None:
    db.execute(
        "insert into public.absences (user_id, substitute_id, during) values (%s, %s, tstzrange(%s, %s))",
        [user_id(who), user_id(substitute), AT - timedelta(days=1), AT + timedelta(days=1)],
    )


def test_an_accountant_sees_own_waits_with_their_chat_and_share(busy: Connection) -> None:
    found = waits(busy, OLGA)
    assert names(found) == ["ООО Ромашка"]
    (wait,) = found["windows"]
    assert (wait["waited_minutes"], wait["target_minutes"], wait["outcome"]) == (90, 60, "overdue")
    assert (found["waiting"], found["overdue"], found["role"]) == (1, 1, "accountant")


def test_a_substitute_sees_the_waits_of_who_is_away(busy: Connection) -> None:
    away(busy, OLGA, IVAN)
    assert names(waits(busy, IVAN)) == ["ООО Ромашка", "ИП Лебедева"]


def test_a_manager_sees_the_team_and_what_is_nobodys_and_an_admin_all(busy: Connection) -> None:
    assert names(waits(busy, PETR)) == ["ООО Ромашка", "ИП Лебедева"]
    run_by(busy, ADMIN, IVAN)
    assert names(waits(busy, PETR)) == ["ООО Ромашка"]
    busy.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [LEBEDEVA])
    assert names(waits(busy, PETR)) == ["ООО Ромашка", "ИП Лебедева"]
    run_by(busy, ADMIN, OLGA)
    assert names(waits(busy, PETR)) == ["ИП Лебедева"]
    away(busy, ADMIN, PETR)
    assert names(waits(busy, PETR)) == ["ООО Ромашка", "ИП Лебедева"]
    assert names(waits(busy, ADMIN)) == ["ООО Ромашка", "ИП Лебедева"]


def test_pages_hold_five_and_a_page_beyond_is_the_last(db: Connection) -> None:
    for number in range(7):
        chat = -1001000001000 - number
        db.execute(
            "insert into public.chats (chat_id, type, chat_name, assigned_accountant_id, connected_at)"
            " values (%s, 'supergroup', %s, %s, now())",
            [chat, f"Чат {number}", user_id(OLGA)],
        )
        db.execute("update public.chats set monitoring_enabled = true where chat_id = %s", [chat])
        ingest(db, said(ANNA, monday(f"10:0{number}"), chat=chat, chat_name=f"Чат {number}"))
    assert names(waits(db, OLGA)) == [f"Чат {number}" for number in range(5)]
    assert names(waits(db, OLGA, 9)) == ["Чат 5", "Чат 6"]
    assert (waits(db, OLGA, 9)["page"], waits(db, OLGA)["pages"]) == (1, 2)


@pytest.mark.parametrize("function", ["staff_queue", "staff_chats", "staff_stats", "staff_templates", "staff_faq"])
@pytest.mark.parametrize("who", [MARIA, ANNA])
def test_observers_and_strangers_are_refused(db: Connection, function: str, who: int) -> None:
    refused(db, "not_allowed", function, who)


@pytest.mark.parametrize(("function", "allowed"), [("staff_digest", {PETR, ADMIN}), ("system_state", {ADMIN})])
def test_what_is_for_some_roles_is_refused_to_the_others(db: Connection, function: str, allowed: set[int]) -> None:
    for who in (ADMIN, PETR, OLGA, MARIA, ANNA):
        if who in allowed:
            assert ask(db, function, who)
        else:
            refused(db, "not_allowed", function, who)


def test_b7_whoever_was_deactivated_is_refused_by_the_next_statement(busy: Connection) -> None:
    request = window(busy)["id"]
    busy.execute("update public.users set active = false where telegram_id = %s", [OLGA])
    refused(busy, "not_allowed", "staff_queue", OLGA)
    refused(busy, "not_allowed", "press_request", request, "take", OLGA)
    assert window(busy)["acknowledged_at"] is None


def test_c9_c13_a_wait_is_taken_once_and_excused_in_the_pressers_name(busy: Connection) -> None:
    request = window(busy)["id"]
    assert ask(busy, "press_request", request, "take", OLGA, AT) == {"outcome": "taken", "by": "Ольга Петрова"}
    taken = window(busy)
    assert (taken["acknowledged_by"], taken["acknowledged_at"], taken["due_at"]) == (user_id(OLGA), AT, monday("11:00"))
    again = ask(busy, "press_request", request, "take", PETR, AT)
    assert again == {"outcome": "already_taken", "by": "Ольга Петрова"}
    assert ask(busy, "press_request", request, "no_answer_needed", OLGA, AT)["outcome"] == "excused"
    assert (window(busy)["outcome"], window(busy)["closed_by"]) == ("excused", user_id(OLGA))
    refused(busy, "request_already_closed", "press_request", request, "take", OLGA)
    kept = all_rows(busy, "select became, corrected_by from public.classification_corrections")
    assert kept == [{"became": "no_answer_needed", "corrected_by": user_id(OLGA)}]


def test_e16_a_wait_of_a_colleague_is_unknown_and_stays_as_it_is(busy: Connection) -> None:
    request = window(busy)["id"]
    refused(busy, "unknown_request", "press_request", request, "take", IVAN)
    refused(busy, "unknown_request", "staff_request", request, IVAN)
    refused(busy, "unknown_button", "press_request", request, "resolve", OLGA)
    assert window(busy)["acknowledged_at"] is None


def test_chats_come_with_the_longest_wait_first_and_say_whose_they_are(busy: Connection) -> None:
    found = ask(busy, "staff_chats", PETR, 0, AT)
    assert [(chat["chat_name"], chat["waiting"], chat["overdue"]) for chat in found["chats"]] == [
        ("ООО Ромашка", 1, 1),
        ("ИП Лебедева", 1, 0),
        ("ООО Круглосуточно", 0, 0),
    ]
    assert found["total"] == 3
    assert [chat["accountant"] for chat in found["chats"]][:2] == ["Ольга Петрова", "Иван Кузнецов"]
    own = ask(busy, "staff_chats", IVAN, 0, AT)
    assert [(chat["chat_name"], chat["is_own"]) for chat in own["chats"]] == [("ИП Лебедева", True)]


def test_figures_are_those_of_the_report(busy: Connection) -> None:
    ingest(busy, said(OLGA, monday("10:20"), "Готово"))
    at = monday("12:00")
    periods = {row["period"]: row for row in ask(busy, "staff_stats", OLGA, at)}
    assert list(periods) == ["day", "week", "month"]
    report = all_rows(
        busy, "select * from api.sla_report(%s, %s, 'person') where key = %s", monday("00:00"), at, str(user_id(OLGA))
    )
    own = periods["day"]["own"]
    assert (own["n"], own["met"], own["p50_minutes"]) == (1, 1, 20)
    assert [own["n"], own["met_percent"]] == [report[0]["n"], float(report[0]["met_percent"])]
    assert periods["day"]["firm"] is None
    assert ask(busy, "staff_stats", PETR, at)[0]["firm"]["n"] >= 1


def test_the_digest_of_now_has_the_teams_waits_in_the_shape_of_every_digest(busy: Connection) -> None:
    digest = ask(busy, "staff_digest", PETR, AT)
    assert (digest["waiting"], digest["closed"], digest["chat_name"]) == (2, 0, None)
    assert names(digest) == ["ООО Ромашка", "ИП Лебедева"]


def test_the_state_of_the_system_names_what_is_wrong_with_its_fix(busy: Connection) -> None:
    busy.execute("update public.settings set bot_username = null, bot_reads_all = null, bot_seen_at = null")
    state = ask(busy, "system_state", ADMIN, AT)
    assert (state["chats"], state["waiting"], state["overdue"]) == (3, 2, 1)
    wrong = {finding["check"]: finding["fix"] for finding in state["findings"]}
    assert wrong["bot_started"] == "start_bot"
    assert all(finding["state"] in {"red", "amber"} for finding in state["findings"])
    busy.execute("update public.chats set connected_at = null, monitoring_enabled = false where chat_id = %s", [NIGHT])
    assert ask(busy, "system_state", ADMIN, AT)["unconnected"] == 1
