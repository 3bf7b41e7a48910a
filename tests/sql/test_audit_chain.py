"""The chain over the audit log: whoever bends an entry is found, at the right one."""

import os
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest

from infra.local.audit_verify import Anchor, anchor, verify
from tests.sql.firm import Connection, Row, acting_as, all_rows, one
from tests.stack import ROOT, Stack


def seal_all(db: Connection) -> None:
    """Seal what waits, one share after another."""
    while one(db, "select (api.seal_audit() ->> 'sealed')::integer"):
        continue


@pytest.fixture
def chain(db: Connection) -> list[Row]:
    """The seals of ten entries, at the end of the chain."""
    seal_all(db)
    for number in range(10):
        db.execute("select private.record_event(null, 'export', 'clients', %s, null)", [str(number)])
        with db.transaction(force_rollback=True):
            db.execute("select private.record_event(null, 'export', 'clients', 'rolled back', null)")
    seal_all(db)
    return all_rows(
        db, "select * from (select * from public.audit_seals order by number desc limit 10) as s order by 1"
    )


def bend(db: Connection, *statements: str, **values: object) -> None:
    """Do what only the owner can, and only on purpose."""
    db.execute("alter table public.audit_log disable trigger user")
    db.execute("alter table public.audit_seals disable trigger user")
    for statement in statements:
        db.execute(statement.encode(), values)


def first_fault(db: Connection) -> Row | None:
    found: Row = one(db, "select api.verify_audit()")
    fault: Row | None = found["fault"]
    return fault


def test_seals_have_no_gaps_though_ids_have(db: Connection, chain: list[Row]) -> None:
    numbers = [seal["number"] for seal in chain]
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    assert chain[-1]["entry_id"] - chain[0]["entry_id"] >= 18
    for before, after in pairwise(chain):
        assert after["prev_hash"] == before["hash"]
    assert first_fault(db) is None


def test_the_first_seal_follows_nothing(db: Connection, chain: list[Row]) -> None:
    assert one(db, "select prev_hash from public.audit_seals where number = 1") == bytes(32)
    assert chain


def test_what_waits_for_its_seal_is_no_fault(db: Connection, chain: list[Row]) -> None:
    db.execute("select private.record_event(null, 'export', 'clients', 'x', null)")
    head = one(db, "select api.audit_head()")
    assert (head["number"], head["hash"]) == (chain[-1]["number"], chain[-1]["hash"].hex())
    assert head["unsealed"] >= 1
    assert first_fault(db) is None


@pytest.mark.parametrize(
    "change",
    [
        "action = 'import'",
        "actor_id = gen_random_uuid()",
        "actor_role = 'observer'",
        "entity_id = '0'",
        "before = '{}'",
        "after = '{}'",
        "changed = '{name}'",
        "details = '{}'",
        "request_id = 'x'",
        "address = '10.0.0.1'",
        "forwarded_for = '10.0.0.1'",
    ],
)
def test_a_changed_entry_is_found(db: Connection, chain: list[Row], change: str) -> None:
    bend(db, f"update public.audit_log set {change} where id = %(id)s", id=chain[4]["entry_id"])
    assert first_fault(db) == {"number": chain[4]["number"], "entry_id": chain[4]["entry_id"], "fault": "entry_changed"}


def test_no_field_of_an_entry_is_left_out_of_its_hash(db: Connection) -> None:
    body = one(db, "select prosrc from pg_proc where proname = 'seal_hash'")
    columns = all_rows(
        db, "select attname from pg_attribute where attrelid = 'public.audit_log'::regclass and attnum > 0"
    )
    assert [row["attname"] for row in columns if f"entry.{row['attname']}" not in body] == []


def test_a_missing_entry_is_found(db: Connection, chain: list[Row]) -> None:
    bend(db, "delete from public.audit_log where id = %(id)s", id=chain[4]["entry_id"])
    assert first_fault(db) == {"number": chain[4]["number"], "entry_id": chain[4]["entry_id"], "fault": "entry_missing"}


def test_a_missing_entry_is_found_when_its_seal_went_with_it(db: Connection, chain: list[Row]) -> None:
    bend(
        db,
        "delete from public.audit_log where id = %(id)s",
        "delete from public.audit_seals where entry_id = %(id)s",
        id=chain[4]["entry_id"],
    )
    assert first_fault(db) == {"number": chain[5]["number"], "entry_id": chain[5]["entry_id"], "fault": "seal_missing"}


def test_closing_the_gap_in_the_numbers_is_found(db: Connection, chain: list[Row]) -> None:
    bend(
        db,
        "delete from public.audit_seals where number = %(number)s",
        "update public.audit_seals set number = number - 1 where number = %(number)s + 1",
        number=chain[4]["number"],
    )
    fault = first_fault(db)
    assert fault
    assert (fault["number"], fault["fault"]) == (chain[4]["number"], "reordered")


def test_an_inserted_entry_is_found(db: Connection, chain: list[Row]) -> None:
    bend(db, "insert into public.audit_log (action, entity, entity_id) values ('export', 'clients', 'forged')")
    forged = one(db, "select id from public.audit_log where entity_id = 'forged'")
    assert chain
    assert first_fault(db) == {"number": None, "entry_id": forged, "fault": "entry_inserted"}


def test_two_swapped_seals_are_found(db: Connection, chain: list[Row]) -> None:
    bend(
        db,
        "update public.audit_seals set number = -number + %(a)s + %(b)s + 1000000 where number in (%(a)s, %(b)s)",
        "update public.audit_seals set number = number - 1000000 where number > 1000000",
        a=chain[3]["number"],
        b=chain[6]["number"],
    )
    assert first_fault(db) == {"number": chain[3]["number"], "entry_id": chain[6]["entry_id"], "fault": "reordered"}


def test_two_entries_with_swapped_contents_are_found(db: Connection, chain: list[Row]) -> None:
    bend(
        db,
        "update public.audit_log set entity_id = case entity_id when '3' then '6' else '3' end"
        " where id in (%(a)s, %(b)s)",
        a=chain[3]["entry_id"],
        b=chain[6]["entry_id"],
    )
    assert first_fault(db) == {"number": chain[3]["number"], "entry_id": chain[3]["entry_id"], "fault": "entry_changed"}


def test_an_entry_removed_before_its_seal_is_found(db: Connection, chain: list[Row]) -> None:
    db.execute("select private.record_event(null, 'export', 'clients', 'soon gone', null)")
    gone = one(db, "select id from public.audit_log where entity_id = 'soon gone'")
    bend(db, "delete from public.audit_log where id = %(id)s", id=gone)
    assert chain
    assert first_fault(db) == {"number": None, "entry_id": gone, "fault": "entry_removed"}


def rewrite(db: Connection, chain: list[Row]) -> None:
    """What an owner does who knows the chain: change an entry and seal everything after it anew."""
    bend(
        db,
        "delete from public.audit_seals where number >= %(number)s",
        "update public.audit_log set entity_id = 'bent' where id = %(id)s",
        "insert into private.unsealed_entries select id, happened_at from public.audit_log where id >= %(id)s",
        number=chain[4]["number"],
        id=chain[4]["entry_id"],
    )
    seal_all(db)


def cut_off(db: Connection, chain: list[Row]) -> None:
    bend(
        db,
        "delete from public.audit_seals where number >= %(number)s",
        "delete from public.audit_log where id >= %(id)s",
        number=chain[4]["number"],
        id=chain[4]["entry_id"],
    )


@pytest.mark.parametrize("attack", [rewrite, cut_off])
def test_an_anchor_tells_what_the_chain_itself_cannot(
    db: Connection, chain: list[Row], attack: Callable[[Connection, list[Row]], None]
) -> None:
    kept = [Anchor(seal["number"], seal["hash"].hex()) for seal in chain]
    attack(db, chain)
    assert verify(db)[0]
    assert verify(db, kept[3])[0]
    is_well, line = verify(db, kept[-1])
    assert not is_well
    assert line.startswith(f"the audit is broken at seal {kept[-1].number}: it is not the one that the anchor names")


def test_the_walk_goes_on_from_an_anchor_when_older_entries_were_taken_out(db: Connection, chain: list[Row]) -> None:
    kept = Anchor(chain[4]["number"], chain[4]["hash"].hex())
    bend(db, "delete from public.audit_log where id <= %(id)s", id=chain[4]["entry_id"])
    assert not verify(db)[0]
    is_well, line = verify(db, kept, since_anchor=True)
    assert is_well
    assert line.startswith("5 entries fit")
    bend(db, "update public.audit_log set entity_id = 'bent' where id = %(id)s", id=chain[7]["entry_id"])
    assert f"seal {chain[7]['number']}, entry {chain[7]['entry_id']}: " in verify(db, kept, since_anchor=True)[1]


@pytest.mark.parametrize("text", ["", "1", "1:ab", f"x:{'a' * 64}", f"1:{'g' * 64}"])
def test_an_anchor_is_a_number_and_a_hash(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="an anchor is <number>:<64 hex digits>"):
        anchor(text)
    assert anchor(f"12:{'AB' * 32}") == (12, "AB" * 32)


def test_an_open_transaction_holds_up_no_seal_but_its_own(db: Connection, stack: Stack) -> None:
    url, name = stack.env["DATABASE_URL"], str(uuid4())

    def sealed() -> list[str]:
        rows = all_rows(
            db,
            "select a.entity_id from public.audit_seals as s join public.audit_log as a on a.id = s.entry_id"
            " where a.entity_id like %s order by s.number",
            f"{name} %",
        )
        return [row["entity_id"].removeprefix(f"{name} ") for row in rows]

    with psycopg.connect(url) as slow, psycopg.connect(url, autocommit=True) as quick:
        for connection, word in ((slow, "slow"), (quick, "quick")):
            connection.execute("select private.record_event(null, 'export', 'clients', %s, null)", [f"{name} {word}"])
        seal_all(db)
        assert sealed() == ["quick"]
        slow.commit()
        seal_all(db)
        assert sealed() == ["quick", "slow"]
    assert first_fault(db) is None


def test_only_one_seals_at_a_time(db: Connection, chain: list[Row], stack: Stack) -> None:
    assert chain
    with psycopg.connect(stack.env["DATABASE_URL"]) as second:
        assert one(second, "select api.seal_audit()") is None


def test_only_admins_and_the_service_look_at_the_chain(db: Connection, chain: list[Row]) -> None:
    for role in ("admin", "service_role"):
        with acting_as(db, role):
            assert one(db, "select api.verify_audit()")["fault"] is None
            assert one(db, "select api.audit_head()")["number"] == chain[-1]["number"]
    for role in ("manager", "accountant", "observer"):
        for call in ("verify_audit", "audit_head"):
            with pytest.raises(psycopg.Error, match="not_allowed"), acting_as(db, role):
                db.execute(f"select api.{call}()".encode())
        with acting_as(db, role):
            assert one(db, "select count(*) from api.audit_seals") == 0


def test_only_the_service_seals(db: Connection) -> None:
    for role in ("admin", "manager", "accountant", "observer", "anon"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_as(db, role):
            db.execute("select api.seal_audit()")


def command(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": stack.env["DATABASE_URL"]}
    return subprocess.run(
        [sys.executable, "-m", "infra.local.audit_verify", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_ends_well_on_a_good_chain_and_badly_on_a_wrong_anchor(stack: Stack) -> None:
    good = command(stack)
    assert (good.returncode, good.stderr) == (0, "")
    assert " entries fit" in good.stdout
    bad = command(stack, "--anchor", f"1:{'0' * 64}")
    assert bad.returncode == 1
    assert bad.stdout.startswith("the audit is broken at seal 1: ")
    assert command(stack, "--anchor", "rubbish").returncode == 2
