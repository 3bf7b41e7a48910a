"""`make export-client` and `make erase-client`, as an operator uses them."""

import json
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from infra import client_archive
from tests.stack import ROOT, Stack, outside
from tests.world import ClientChat

# With what make and the shell would take for their own.
NAME = "ООО «Акт' и $(Ко)» "

Database = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def firm(stack: Stack) -> Iterator[Database]:
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
async def client(firm: Database, chat: ClientChat) -> str:
    """A client whose chat it is, and whose name begins with `NAME`."""
    row = firm.execute(
        "insert into public.clients (name) values (%s) returning id::text", [f"{NAME}{abs(chat.id)}"]
    ).fetchone()
    assert row
    firm.execute("update public.chats set client_id = %s where chat_id = %s", [row[0], chat.id])
    firm.execute(
        "insert into public.chat_messages"
        " (chat_id, message_id, update_id, is_staff, is_bot, kind, message_text, telegram_date)"
        " select %s, n, n, false, false, 'text', 'Письмо ' || n, now() - n * interval '1 hour'"
        " from generate_series(1, 1500) as n",
        [chat.id],
    )
    return str(row[0])


def make(stack: Stack, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--silent", *words],
        cwd=ROOT,
        env=outside(PORT_OFFSET=str(stack.caller.offset)),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_export_is_a_file_that_only_its_owner_reads(stack: Stack, client: str, tmp_path: Path) -> None:
    file = tmp_path / "архив клиента.zip"
    done = make(stack, "export-client", f"CLIENT={client}", f"FILE={file}")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{file}: {file.stat().st_size} bytes\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        messages = json.loads(archive.read("messages.json"))
    assert len(messages) == 1500 and len({row["message_id"] for row in messages}) == 1500
    again = make(stack, "export-client", f"CLIENT={client}", f"FILE={file}")
    assert again.returncode != 0 and "is there already" in again.stderr


def test_an_erasure_asks_for_the_name(stack: Stack, firm: Database, chat: ClientChat, client: str) -> None:
    refused = make(stack, "erase-client", f"CLIENT={client}", text="ООО\n")
    assert refused.returncode != 0 and "this is not the client's name, nothing is erased" in refused.stderr
    done = make(stack, "erase-client", f"CLIENT={client}", text=f"{NAME}{abs(chat.id)}\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("erased: 1500 messages in 1 chats; figures are kept\n")
    assert firm.execute("select name from public.clients where id = %s", [client]).fetchone() == ("Удалённый клиент",)


def test_a_client_may_be_called_by_name_and_confirmed_at_once(stack: Stack, chat: ClientChat, client: str) -> None:
    name = f"{NAME}{abs(chat.id)}".replace("$", "$$")
    done = make(stack, "erase-client", f"CLIENT={name}", f"CONFIRM={name}")
    assert done.returncode == 0, done.stderr


def test_a_client_that_is_not_there_is_said(stack: Stack) -> None:
    for action in ("export-client", "erase-client"):
        done = make(stack, action, "CLIENT=ООО Нету")
        assert done.returncode != 0 and "there is no such client" in done.stderr
        assert "Traceback" not in done.stderr
        assert "say which client: CLIENT=" in make(stack, action).stderr


def test_a_file_that_cannot_be_written_is_said(stack: Stack, client: str, tmp_path: Path) -> None:
    done = make(stack, "export-client", f"CLIENT={client}", f"FILE={tmp_path}/nowhere/x.zip")
    assert done.returncode != 0 and "nowhere/x.zip cannot be written: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("start", ["=1+1", "+7 999", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(start: str) -> None:
    row = {"message_text": start, "author_name": start, "telegram_date": "2026-04-06T07:00:00+00:00", "chat_id": -5}
    cells = dict(
        zip(
            client_archive.SHEETS["messages"],
            *client_archive.sheet_rows("messages", [row], ZoneInfo("Europe/Moscow")),
            strict=True,
        )
    )
    assert cells["message_text"] == cells["author_name"] == f"'{start}"
    assert (cells["telegram_date"], cells["chat_id"]) == ("06.04.2026 10:00:00 +0300", "-5")
