"""Chats and clients as the admin lists them, each role its own; a card, and words in a conversation."""

import json
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ADMIN,
    ANNA,
    IVAN,
    LEBEDEVA,
    MARIA,
    OLGA,
    PETR,
    ROMASHKA,
    Connection,
    Row,
    all_rows,
    ingest,
    monday,
    one,
    said,
    user_id,
)
from tests.sql.people import speaking
from tests.sql.test_chat_changes import CLIENT, change, key_of, rename


def listed(db: Connection, who: int, **filters: Any) -> Row:
    named = ", ".join(f"{name} => %s" for name in filters)
    with speaking(db, user_id(who)):
        found: Row = one(db, f"select api.list_chats({named})", *filters.values())
    return found


def names(found: Row) -> list[str]:
    return [row["chat_name"] for row in found["rows"]]


def test_each_role_lists_its_own_chats(db: Connection) -> None:
    everything = {"ИП Лебедева", "ООО Круглосуточно", "ООО Ромашка"}
    for who in (ADMIN, PETR, MARIA):
        assert set(names(listed(db, who))) == everything
    assert names(listed(db, IVAN)) == ["ИП Лебедева"]
    with pytest.raises(psycopg.Error, match="unknown_chat"), speaking(db, user_id(IVAN)):
        db.execute("select api.chat_card(%s)", [key_of(db)])


def test_what_is_worst_comes_first_and_pages_go_on_where_they_ended(db: Connection) -> None:
    db.execute("update public.chats set assigned_accountant_id = null where chat_id = %s", [LEBEDEVA])
    db.execute("update public.settings set bot_reads_all = true")
    whole = listed(db, PETR)
    first = whole["rows"][0]
    assert (first["chat_name"], first["light"], first["fix"]) == ("ИП Лебедева", "red", "assign_owner")
    assert whole["counts"]["red"] == 1
    pages, after = [], None
    while page := listed(db, PETR, most=1, after=after and json.dumps(after))["rows"]:
        pages += page
        after = page[-1]
    assert pages == whole["rows"]
    assert names(listed(db, PETR, light="red")) == ["ИП Лебедева"]
    assert names(listed(db, PETR, owner_id=str(UUID(int=0)))) == ["ИП Лебедева"]
    assert names(listed(db, PETR, words="ромаш ООО")) == ["ООО Ромашка"]


def test_a_deleted_chat_is_only_among_the_deleted(db: Connection) -> None:
    change(db, is_deleted=True)
    assert "ООО Ромашка" not in names(listed(db, PETR))
    assert names(listed(db, PETR, watched="deleted")) == ["ООО Ромашка"]


def found(db: Connection, who: int, words: str = "", **more: Any) -> Row:
    extra = "".join(f", {name} => %s" for name in more)
    with speaking(db, user_id(who)):
        answer: Row = one(db, f"select api.find_messages(%s, %s{extra})", key_of(db), words, *more.values())
    return answer


def test_words_are_found_in_any_form_and_never_by_observers(db: Connection) -> None:
    ingest(
        db,
        said(ANNA, monday("10:00"), "Нужны акты сверки"),
        said(ANNA, monday("10:05"), "И счёт"),
        said(OLGA, monday("10:06"), "Акт отправила"),
    )
    assert [line["text"] for line in found(db, PETR, "акт")["messages"]] == ["Акт отправила", "Нужны акты сверки"]
    assert [line["text"] for line in found(db, OLGA)["messages"]] == ["Акт отправила", "И счёт", "Нужны акты сверки"]
    assert found(db, MARIA, "акт") == {"messages": [], "next": None}
    with pytest.raises(psycopg.Error, match="unknown_chat"):
        found(db, IVAN, "акт")


def test_a_transcript_goes_on_where_it_ended(db: Connection) -> None:
    ingest(db, *(said(ANNA, monday(f"10:0{nth}"), f"Строка {nth}", topic_id=nth % 2) for nth in range(5)))
    whole = [line["text"] for line in found(db, PETR)["messages"]]
    texts, before = [], None
    while True:
        page = found(db, PETR, most=2, before=before and json.dumps(before))
        texts += [line["text"] for line in page["messages"]]
        if not (before := page["next"]):
            break
    assert texts == whole
    # A search that has looked far enough says from where to go on, though nothing was found.
    far = found(db, PETR, "нет такого", depth=2)
    assert far["messages"] == []
    assert far["next"]
    assert found(db, PETR, "нет такого", depth=5)["next"] is None


def test_a_card_tells_its_reader_no_more_than_is_theirs(db: Connection) -> None:
    db.execute(
        "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, 2001, 'Анна')", [ROMASHKA]
    )
    cards = {}
    for who in (PETR, OLGA, MARIA):
        with speaking(db, user_id(who)):
            cards[who] = one(db, "select api.chat_card(%s)", key_of(db))
    assert [len(cards[who]["members"]) for who in (PETR, OLGA, MARIA)] == [1, 1, 0]
    assert cards[PETR]["owner"]["name"] == "Ольга Петрова"
    assert cards[PETR]["chat"]["chat_id"] == str(ROMASHKA)


def test_clients_are_listed_with_chats_segments_and_who_waits(late: Connection) -> None:
    rename(late, segments=["УСН"])
    with speaking(late, user_id(PETR)):
        listing = one(late, "select api.list_clients('ромашка')")
        (row,) = listing["rows"]
        card = one(late, "select api.client_card(%s)", CLIENT)
        by_segment = one(late, "select api.list_clients(segment_id => %s)", listing["segments"][0]["id"])
    assert (row["chats"], row["segments"], row["waiting"]) == (1, ["УСН"], 1)
    assert (card["figures"]["waiting"], card["segments"], len(card["chats"])) == (1, ["УСН"], 1)
    assert [row["name"] for row in by_segment["rows"]] == ["ООО Ромашка"]
    with speaking(late, user_id(IVAN)):
        assert [row["name"] for row in one(late, "select api.list_clients()")["rows"]] == ["ИП Лебедева"]


ANYTHING = """
update public.settings set bot_reads_all = random() < 0.7;
update public.users as u
set
  active = u.role = 'admin' or random() < 0.8,
  (unreachable_since, unreachable_because) = (select now(), 'deleted' where u.id is not null and random() < 0.3)
where u.role <> 'admin' or random() < 0.2;
update public.chats
set
  monitoring_enabled = false,
  anonymous_staff = random() < 0.5,
  bot_status = (array['member', 'left', 'administrator', null])[ceil(random() * 4)],
  connected_at = case when random() < 0.8 then now() end;
update public.chats set monitoring_enabled = true
where connected_at is not null and not internal and random() < 0.5 and not exists (
  select from private.chat_findings(now()) as f where f.chat_id = chats.chat_id and f.fix = 'make_somebody_reachable'
)
"""
WORST = """
select
  f.chat_id,
  case when bool_or(f.state = 'red') then 'red' when bool_or(f.state = 'amber') then 'amber' else 'green' end as light,
  (array_agg(f.fix order by f.state = 'red' desc, private.gravity(f.fix)) filter (where f.state <> 'green'))[1] as fix
from private.chat_findings(now()) as f
group by f.chat_id
order by 1
"""

RED = "select f.chat_id, f.fix from private.chat_findings(now()) as f where f.state = 'red' order by 1, 2"


def test_a_light_is_the_worst_that_is_found_and_tells_what_mends_it(db: Connection) -> None:
    """They are worked out apart, and so is what is counted: with anything amiss they agree."""
    db.execute("select setseed(0.5)")
    told, counted = set(), set()
    for _ in range(20):
        db.execute(ANYTHING.encode())
        lights = all_rows(db, "select * from private.chat_lights(null) order by 1")
        assert lights == all_rows(db, WORST)
        fixes = all_rows(db, "select r.chat_id, unnest(r.fixes) as fix from private.red_fixes() as r order by 1, 2")
        assert fixes == all_rows(db, RED)
        told |= {(row["light"], row["fix"]) for row in lights}
        counted |= {row["fix"] for row in fixes}
    assert len(told) >= 6
    assert len(counted) >= 4
