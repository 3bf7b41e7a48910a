"""`/policies`: targets and ladder as one version, shown before it is saved, tried on an example, and who may."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.admin.firm import Firm, Role
from tests.admin.process import Reader, hidden, words

LADDER = {"after": ["30", "60"], "to": ["warning:owner", "breach:manager", "0:owner", "1:head"]}
SAID: Mapping[str, Any] = {"target": "45", "warn": "80", **LADDER}


def send(reader: Reader, path: str, at: str | None = None, **fields: Any) -> httpx.Response:
    token = hidden(reader.get(at or path), "_csrf_token")
    return reader.post(path, data={"_csrf_token": token, **fields})


def made(reader: Reader, firm: Firm, name: str) -> str:
    """The address of a policy that was made over the page."""
    answer = send(reader, "/policies/new", **{**SAID, "name": f"{name} {firm.never_open()}"}, do="save")
    assert answer.status_code == 303, words(answer)
    return answer.headers["location"]


def test_a_policy_is_made_changed_and_says_what_each_version_changed(reader: Reader, firm: Firm) -> None:
    boss = firm.hire("admin")
    reader.as_person(boss)
    path = made(reader, firm, "Проверка")
    page = words(reader.get(path))
    assert "Срок ответа 45 минут" in page and "Версия 1" in page
    changed = {**SAID, "name": f"Проверка {path}", "target": "30", "to": [*LADDER["to"], f"0:{boss.id}"]}
    assert "изменения коснутся только новых" in words(send(reader, path, **changed, do="preview"))
    assert "Версия 1" in words(reader.get(path))
    assert send(reader, path, **changed, do="save").status_code == 303
    page = words(reader.get(path))
    assert "Версия 2" in page
    assert "срок: было 45 минут, стало 30 минут" in page
    assert f"через 30 минут после срока: ответственный или замещающий, {boss.name}" in page


def test_steps_are_added_removed_and_change_places_without_a_script(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    path = made(reader, firm, "Лестница")
    fields = {**SAID, "name": "x"}
    added = send(reader, path, **fields, do="add")
    assert 'name="after" inputmode="numeric" required maxlength="5" autocomplete="off" value="90"' in added.text
    assert send(reader, path, **fields, do="drop:0").text.count('name="after"') == 1
    moved = send(reader, path, **fields, do="down:0").text
    assert 'value="0:head" checked' in moved and 'value="1:owner" checked' in moved
    assert 'value="0:owner" checked' in reader.get(path).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"target": "много"}, "Укажите срок целым числом минут"),
        ({"target": "20000"}, "Укажите срок целым числом минут"),
        ({"warn": "100"}, "Укажите целое число процентов"),
        ({"name": "Круглосуточно"}, "Политика с таким названием уже есть"),
        ({"tier": "vip"}, "уже есть политика"),
        ({"after": ["60", "30"]}, "позже предыдущей"),
        ({"after": ["", "30"]}, "целое число минут"),
        ({"to": ["warning:owner", "0:owner", "1:head"]}, "кто узнает, что срок вышел"),
        ({"to": ["breach:owner", "0:owner"]}, "у каждой ступени, кому писать"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    reader: Reader, firm: Firm, fields: dict[str, Any], sentence: str
) -> None:
    reader.as_person(firm.hire("admin"))
    typed = {**SAID, "name": "Точно новая", **fields}
    refused = send(reader, "/policies/new", **typed, do="save")
    assert (refused.status_code, sentence in words(refused)) == (422, True)
    assert f'value="{typed["name"]}"' in refused.text


def test_open_requests_follow_only_when_told_to_and_after_a_look(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    path = made(reader, firm, "Открытые")
    chat = firm.connect_chat(firm.hire("accountant"))
    firm.run("update public.chats set policy_id = %s where chat_id = %s", UUID(path.rpartition("/")[2]), chat.id)
    firm.ask(chat, "Где акт?", 20)
    changed = {**SAID, "name": f"Открытые {path}", "target": "10"}
    shown = words(send(reader, path, **changed, do="preview"))
    assert "Сдвинет 1 срок: 1 станет просроченным." in shown and chat.name in shown
    assert send(reader, path, **changed, do="save").status_code == 303
    assert "1 открытое обращение ещё считается по прежней версии" in words(reader.get(path))
    assert "1 станет просроченным" in words(send(reader, f"{path}/apply", path, do="preview"))
    assert send(reader, f"{path}/apply", path, do="save").status_code == 303
    assert "по прежней версии" not in words(reader.get(path))
    due = firm.row("select due_at < now() from public.client_requests where id = %s", firm.request_of(chat))
    assert due == (True,)


def test_the_example_says_deadline_and_who_is_told(reader: Reader, firm: Firm) -> None:
    boss, owner = firm.hire("admin"), firm.hire("accountant")
    firm.run("update public.users set telegram_id = 700000000 + floor(random() * 1e8) where id = %s", owner.id)
    reader.as_person(boss)
    path = made(reader, firm, "Пример")
    chat = firm.connect_chat(owner)
    row = firm.row("select id from public.chats where chat_id = %s", chat.id)
    assert row
    page = words(reader.get(path, params={"chat": str(row[0]), "at": "2026-11-20T10:00"}))
    tried = page.partition("Время — по часам графика.")[2]
    assert "10:36" in tried and "10:45" in tried and "11:15" in tried
    assert f"скоро срок: {owner.name}" in tried
    at = "2026-11-20T10:00"
    for asked in ({"chat": str(row[0]), "at": "вчера"}, {"chat": str(row[0])}, {"chat": str(UUID(int=1)), "at": at}):
        told = reader.get(path, params=asked)
        assert (told.status_code, "Выберите чат, день и час" in words(told)) == (422, True), asked
    assert reader.get(f"/policies/{UUID(int=1)}", params={"chat": str(row[0]), "at": at}).status_code == 404


@pytest.mark.parametrize("role", ["manager", "accountant", "observer"])
def test_others_read_the_ladder_and_are_refused(reader: Reader, firm: Firm, role: Role) -> None:
    reader.as_person(firm.hire(role))
    listed = reader.get("/policies")
    assert "Отправить тестовое" not in words(listed)
    policy = firm.row("select id from public.sla_policies where tier = 'vip'")
    assert policy
    path = f"/policies/{policy[0]}"
    page = words(reader.get(path))
    assert "срок вышел: ответственный или замещающий, его менеджер" in page
    assert "Сохранить" not in page
    assert ("Проверить на примере" in page) == (role == "manager")
    for action in (path, "/policies/new", f"{path}/apply", "/policies/test-alerts"):
        refused = send(reader, action, path, **{**SAID, "name": "x"}, do="save")
        assert (refused.status_code, "Недостаточно прав" in words(refused)) == (403, True)
    assert reader.get("/policies/new").status_code == 403


def test_a_test_alert_to_somebody_without_telegram_is_refused_in_words(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    assert send(reader, "/policies/test-alerts", "/policies", person="x").status_code == 400
    refused = send(reader, "/policies/test-alerts", "/policies")
    assert (refused.status_code, "не привязан Telegram" in words(refused)) == (422, True)
