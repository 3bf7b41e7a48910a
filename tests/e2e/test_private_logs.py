"""Faults and refusals of every part, made with private things in hand, leave none of them in any log (I10).

What the other tests sent is looked for when the run ends, by the fixture `stack`.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest

from tests import privacy
from tests.stack import Stack

# Never anything that a program says by itself.
MARK = secrets.token_hex(4)
NAME, TEXT = f"Зинаида Канарейкина-{MARK}", f"Тайна {MARK}: зарплата в конверте"
EMAIL, PHONE, TOKEN = f"canary-{MARK}@buhbot.test", "+7 916 555-01-02", f"canary{MARK}{secrets.token_hex(12)}"
CANARIES = {NAME, TEXT, EMAIL, PHONE, TOKEN, MARK * 2}


def postgres(stack: Stack) -> None:
    """Refusals whose details hold the row, and statements that hold the value."""
    statements = (
        ("insert into public.clients (id, name) select id, %s from public.clients limit 1", NAME),
        ("insert into public.clients (name, tier) values ('x', %s)", TEXT),
        ("select %s::uuid", TEXT),
        ("select * from public.nowhere where name = %s", NAME),
        ("do $$ begin raise warning '%%', current_setting('canary.text'); end $$ -- %s", EMAIL),
    )
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as db:
        for statement, value in statements:
            with pytest.raises(psycopg.Error):
                psycopg.ClientCursor(db).execute(statement.encode(), [value])


def rest(stack: Stack) -> None:
    """Refused reads and calls, as the service."""
    key, base = stack.env["SUPABASE_SERVICE_ROLE_KEY"], f"{stack.env['SUPABASE_URL']}/rest/v1"
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base, headers=headers) as client:
        for path in (
            f"/clients?name=eq.{NAME}&nothing=eq.1",
            f"/clients?id=eq.{TEXT}",
            f"/{NAME}",
            f"/rpc/explain_request?request_id={TEXT}",
        ):
            assert client.get(path).status_code in (400, 404)
        assert client.post("/rpc/ingest", json={"updates": TEXT}).status_code == 400
        assert client.post("/rpc/ingest", content=f'{{"updates": "{TEXT}'.encode()).status_code == 400
        record = {"update_id": NAME, "chat_id": PHONE, "text": TEXT, "author_name": NAME}
        assert client.post("/rpc/ingest", json={"updates": [record]}).status_code == 200


def gateway(stack: Stack) -> None:
    url = stack.env["SUPABASE_URL"]
    assert httpx.get(f"{url}/nowhere/{TOKEN}?token={TOKEN}").status_code == 404
    assert httpx.get(f"{url}/rest/v1/clients", headers={"apikey": TOKEN}).status_code == 401


def auth(stack: Stack) -> None:
    """Sign-ins and links that are refused."""
    url, headers = f"{stack.env['SUPABASE_URL']}/auth/v1", {"apikey": stack.env["SUPABASE_ANON_KEY"]}
    with httpx.Client(base_url=url, headers=headers) as client:
        credentials = {"email": EMAIL, "password": TOKEN}
        assert client.post("/token?grant_type=password", json=credentials).is_client_error
        assert client.post("/token?grant_type=refresh_token", json={"refresh_token": TOKEN}).is_error
        client.post("/recover", json={"email": EMAIL})
        client.post("/otp", json={"email": EMAIL, "phone": PHONE})
        assert client.get(f"/verify?token={TOKEN}&type=recovery&email={EMAIL}").status_code >= 300
        assert client.get("/user", headers={"Authorization": f"Bearer {TOKEN}"}).is_error
        assert client.post("/token?grant_type=password", content=f'{{"email": "{EMAIL}'.encode()).is_error


def bot(stack: Stack) -> None:
    """Updates that are odd in every way but still hold texts and names."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": stack.env["TELEGRAM_WEBHOOK_SECRET"]}
    person = {"id": 7_719_203_846, "is_bot": False, "first_name": NAME, "username": MARK * 2}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": {"id": person["id"], "type": "private"}, "from": person}
    updates = (
        {"update_id": 1, "message": {**message, "text": TEXT, "entities": [{"type": TEXT, "offset": "x"}]}},
        {"update_id": 2, "message": {**message, "text": f"/start {TOKEN}", "chat": {"id": TEXT, "type": NAME}}},
        {"update_id": 3, "callback_query": {"id": "1", "from": person, "data": TEXT, "chat_instance": TOKEN}},
        {"update_id": 4, "edited_message": {**message, "caption": TEXT, "edit_date": NAME}},
        {"update_id": 5, "message": {**message, "text": f"/start {TOKEN}"}},
        {"update_id": NAME, "poll": {"question": TEXT}},
    )
    with httpx.Client(base_url=stack.urls["bot"], headers=headers) as client:
        for update in updates:
            client.post("/webhook", json=update)
        assert client.post("/webhook", content=f'{{"text": "{TEXT}'.encode()).status_code == 400
        wrong = {"X-Telegram-Bot-Api-Secret-Token": TOKEN}
        assert client.post("/webhook", json={}, headers=wrong).status_code == 403


def admin(stack: Stack) -> None:
    """Addresses and forms with secrets in them."""
    with httpx.Client(base_url=stack.urls["admin"]) as client:
        for path in (f"/reset?token={TOKEN}", f"/invite/{TOKEN}", f"/login?next=/{TEXT}", f"/{NAME}?phone={PHONE}"):
            client.get(path, headers={"cookie": f"session={TOKEN}", "authorization": f"Bearer {TOKEN}"})
        form = client.get("/login").text.partition('name="_csrf_token" value="')[2].partition('"')[0]
        fields = {"_csrf_token": form, "email": EMAIL, "password": TOKEN, "next": f"/{TEXT}"}
        assert client.post("/login", data=fields).status_code in (401, 429)
        with suppress(httpx.HTTPError):
            client.post("/login", data={"email": EMAIL, "password": TOKEN})


@pytest.mark.parametrize("part", [postgres, rest, gateway, auth, bot, admin])
def test_i10_a_fault_is_logged_without_texts_names_or_tokens(stack: Stack, part: Callable[[Stack], None]) -> None:
    part(stack)
    assert privacy.findings((stack.home / "log").iterdir(), CANARIES) == []


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    lines = (
        "nothing",
        TEXT,
        TEXT.encode("ascii", "backslashreplace").decode(),
        f"GET /clients?name=eq.{quote(TEXT)}",
        f"sent to {EMAIL}",
        f"called {PHONE}",
        "GET /reset?token=abcdef012345",
        f"bot{123456789}:{'AAHdq' * 7}/getMe",
    )
    log.write_text("\n".join(lines))
    found = [line.removeprefix(f"{log}:").partition(":")[0] for line in privacy.findings([log], {TEXT})]
    assert found == ["2", "3", "4", "5", "6", "7", "8"]
