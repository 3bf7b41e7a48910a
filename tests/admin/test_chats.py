"""`/chats` and `/tasks`: what is amiss and what mends it, what a change does to those who wait, lists from a file."""

import secrets
from collections.abc import Sequence
from uuid import UUID, uuid4

import httpx
import pytest

from admin.keyset import Cursor
from admin.pages.chats.importing import rows_of
from admin.pages.tasks.page import RowError
from infra.local.waiting import until
from tests.admin.firm import Chat, Colleague, Firm, Role
from tests.admin.process import Admin, Reader, hidden, words


def key_of(firm: Firm, chat: Chat) -> UUID:
    found = firm.row("select id from public.chats where chat_id = %s", chat.id)
    assert found
    return UUID(str(found[0]))


def post(reader: Reader, path: str, **fields: str) -> httpx.Response:
    """Send a form of the list's page, or of any other."""
    return reader.post(path, data={"_csrf_token": hidden(reader.get("/chats"), "_csrf_token"), **fields})


def send(reader: Reader, content: bytes, name: str = "chats.csv") -> httpx.Response:
    """Load a file."""
    fields = {"_csrf_token": hidden(reader.get("/chats/import"), "_csrf_token")}
    return reader.post("/chats/import", data=fields, files={"file": (name, content, "text/csv")})


def table(*rows: Sequence[str]) -> str:
    return "\r\n".join(";".join(row) for row in [("Чат", "Клиент", "Ответственный", "Норма, минут"), *rows])


@pytest.fixture
def owner(firm: Firm) -> Colleague:
    return firm.hire("accountant", "Ольга Долгополова-Константинопольская-Преображенская-Вознесенская")


def test_i1_each_role_sees_its_chats_with_light_and_reason(admin: Admin, firm: Firm, owner: Colleague) -> None:
    chat, foreign = firm.connect_chat(owner), firm.connect_chat(None)
    firm.ask(chat, "Секретный вопрос про акт", 10)
    path = f"/chats/{key_of(firm, chat)}"
    roles: dict[Role, bool] = {"manager": True, "observer": False}
    for role, text_seen in roles.items():
        with Reader(admin) as reader:
            reader.as_person(firm.hire(role))
            found = words(reader.get("/chats", params={"q": foreign.name}))
            assert (foreign.name in found, "Не работает" in found) == (True, True)
            assert ("Секретный вопрос" in words(reader.get(path))) is text_seen
            assert ("Подключить чат" in words(reader.get("/chats"))) == (role == "manager")
    with Reader(admin) as reader:
        reader.as_person(owner)
        assert chat.name in words(reader.get("/chats"))
        assert foreign.name not in words(reader.get("/chats"))
        nowhere = reader.get("/chats/00000000-0000-4000-8000-00000000ffff")
        other = reader.get(f"/chats/{key_of(firm, foreign)}")
        assert (other.status_code, words(other)) == (404, words(nowhere))
        assert "Сохранить" not in words(reader.get(path))
        for target, fields in ((path, {}), (f"{path}/act", {"act": "delete"}), ("/chats/new", {})):
            assert post(reader, target, **fields).status_code == 403
        assert [reader.get(page).status_code for page in ("/chats/new", "/chats/links", "/chats/import")] == [403] * 3


def test_s8_a_change_says_what_it_does_to_who_waits_before_it_is_saved(
    reader: Reader, firm: Firm, owner: Colleague
) -> None:
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Где акт?", 20)
    path = f"/chats/{key_of(firm, chat)}"
    reader.as_person(firm.hire("admin"))
    settings = {"assigned_accountant_id": str(owner.id), "monitoring_enabled": "true", "sla_threshold_minutes": "5"}
    seen = post(reader, path, **settings, schedule_id=str(firm.around_the_clock()))
    assert "Сдвинет 1 срок: 1 станет просроченным." in words(seen)
    assert 'value="5"' in seen.text
    query = "select target_minutes from public.client_requests where chat_id = %s"
    assert firm.row(query, chat.id) != (5,)
    done = post(reader, path, **settings, schedule_id=str(firm.around_the_clock()), is_seen="true")
    assert (done.status_code, done.headers["location"]) == (303, path)
    assert firm.row(query, chat.id) == (5,)
    # What nobody who waits will feel is stored at once.
    assert post(reader, path, **settings, schedule_id=str(firm.around_the_clock()), receipts="text").status_code == 303
    assert firm.row("select receipts from public.chats where chat_id = %s", chat.id) == ("text",)


def test_one_click_mends_what_is_amiss_or_says_why_not(reader: Reader, firm: Firm, owner: Colleague) -> None:
    chat = firm.connect_chat(None, schedule=firm.never_open())
    path = f"/chats/{key_of(firm, chat)}"
    reader.as_person(firm.hire("admin"))
    assert "Ответственного нет" in words(reader.get(path))
    # The same lights stand on the page of a link, where nothing is set.
    assert f'href="{path}#settings"' in reader.get(f"{path}/health").text
    assert post(reader, f"{path}/act", act="assign", key=str(owner.id)).status_code == 303
    nobody = post(reader, f"{path}/act", act="assign", key="")
    assert (nobody.status_code, "Такого сотрудника нет" in words(nobody)) == (422, True)
    assert post(reader, f"{path}/act", act="assign", key="x").status_code == 400
    assert firm.row("select assigned_accountant_id from public.chats where chat_id = %s", chat.id) == (owner.id,)
    for made_up in (["x", 1], [2**40, "x", str(owner.id)]):
        assert reader.get(path, params={"before": Cursor.write(made_up)}).status_code == 200
        assert reader.get("/chats", params={"after": Cursor.write(made_up)}).status_code == 200
    assert owner.name in words(reader.get(path))
    assert post(reader, f"{path}/act", act="delete").status_code == 303
    found = words(reader.get("/chats", params={"q": chat.name}))
    assert "Ничего не найдено" in found and chat.name not in found
    assert "Вернуть чат" in words(reader.get(path))
    assert post(reader, f"{path}/act", act="restore").status_code == 303
    refused = post(reader, f"{path}/act", act="connect")
    assert (refused.status_code, "Его подключили раньше" in words(refused)) == (422, True)


def test_the_transcript_is_searched_in_any_form_of_a_word(reader: Reader, firm: Firm, owner: Colleague) -> None:
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Пришлите акты сверки", 30)
    firm.ask(chat, "И ещё счёт", 20)
    reader.as_person(owner)
    found = words(reader.get(f"/chats/{key_of(firm, chat)}", params={"q": "акт"}))
    assert ("Пришлите акты" in found, "И ещё счёт" in found) == (True, False)


def test_a_client_is_found_by_a_word_and_none_else_is_offered(reader: Reader, firm: Firm, owner: Colleague) -> None:
    chat = firm.connect_chat(owner)
    own, other = (firm.add_client(f"{name} {chat.id}", firm.connect_chat(owner)) for name in ("ООО Свой", "ООО Чужой"))
    path = f"/chats/{key_of(firm, chat)}"
    reader.as_person(firm.hire("manager"))
    kept = {"assigned_accountant_id": str(owner.id), "monitoring_enabled": "true"}
    assert post(reader, path, **kept, client_id=str(own)).status_code == 303

    def offered(address: str, **asked: str) -> list[bool]:
        page = reader.get(address, params=asked).text
        return [f'<option value="{client}"' in page for client in (own, other)]

    assert offered(path) == [True, False]
    assert offered(path, find=f"чужой {chat.id}") == [True, True]
    assert offered("/chats/new", client=str(own)) == [True, False]
    assert offered("/chats/new", find=f"{chat.id}") == [True, True]
    nobody = reader.get(path, params={"find": "Нет такого"})
    assert "Другого клиента с таким названием нет" in words(nobody)
    # What is to be seen before it is saved stays chosen.
    firm.ask(chat, "Где акт?", 20)
    changed = {"client_id": str(other), "schedule_id": str(firm.around_the_clock()), "sla_threshold_minutes": "5"}
    seen = post(reader, path, **kept, **changed)
    assert (seen.status_code, f'<option value="{other}" selected' in seen.text) == (200, True)


def test_a_link_is_made_shown_with_its_qr_and_taken_back(reader: Reader, firm: Firm, owner: Colleague) -> None:
    chat = firm.connect_chat(owner)
    client = firm.add_client(f"ООО Связь {chat.id}", chat)
    firm.run("update public.settings set bot_username = coalesce(bot_username, 'buhbot_test_bot')")
    reader.as_person(firm.hire("manager"))
    made = post(reader, "/chats/new", client_id=str(client), chat_name="Вторая группа")
    assert made.status_code == 303
    page = reader.get(made.headers["location"])
    assert "startgroup=" in page.text
    assert "data:image/svg+xml" in page.text
    assert owner.name in words(page)
    assert "Вторая группа" in words(reader.get("/chats/links"))
    assert post(reader, f"{made.headers['location']}/revoke").status_code == 303
    assert reader.get(made.headers["location"]).status_code == 404


def test_a_link_that_is_refused_leaves_no_client_behind(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    new = {"client_name": f"ООО Новый {secrets.token_hex(3)}", "chat_name": "Первая группа"}
    refused = post(reader, "/chats/new", **new, policy_id=str(uuid4()))
    assert (refused.status_code, "Обновите страницу и выберите ещё раз" in words(refused)) == (422, True)
    assert firm.row("select count(*) from public.clients where name = %s", new["client_name"]) == (0,)
    made = post(reader, "/chats/new", **new)
    assert new["client_name"] in words(reader.get(made.headers["location"]))


def test_a_list_with_errors_changes_nothing_and_names_row_column_and_remedy(
    reader: Reader, firm: Firm, owner: Colleague
) -> None:
    chat = firm.connect_chat(None)
    reader.as_person(firm.hire("admin"))
    rows = [(chat.name, "", "nobody@buhbot.test", "сто"), ("", "", "", ""), ("Новая", "", "", "")]
    sent = send(reader, table(*rows).encode("cp1251"))
    assert sent.status_code == 303
    told = words(reader.get(sent.headers["location"]))
    assert "2 строки с ошибками" in told
    assert "2 Ответственный nobody@buhbot.test Сотрудника с такой почтой нет" in told
    assert "2 Норма, минут сто Норма: целое число минут" in told
    assert "4 Клиент — Такого чата ещё нет" in told
    assert "Применить" not in told
    assert post(reader, f"{sent.headers['location']}/start").status_code == 409


def test_a_mended_list_is_applied_by_the_job_and_found_again(
    admin: Admin, reader: Reader, firm: Firm, owner: Colleague
) -> None:
    chat = firm.connect_chat(None)
    manager = firm.hire("admin")
    reader.as_person(manager)
    task = send(reader, table((chat.name, "", owner.email, "45")).encode("utf-8-sig")).headers["location"]
    assert "Чаты с новыми настройками: 1" in words(reader.get(task))
    firm.run("update public.tasks set state = 'running' where id = %s", task.rpartition("/")[2])
    assert 'hx-trigger="refresh, every' in reader.get(task).text
    firm.run("update public.tasks set state = 'draft' where id = %s", task.rpartition("/")[2])
    assert post(reader, f"{task}/start").status_code == 303
    query = "select assigned_accountant_id, sla_threshold_minutes from public.chats where chat_id = %s"
    assert until(lambda: firm.row(query, chat.id) == (owner.id, 45), 15)
    assert until(lambda: "Что сделано" in words(reader.get(f"{task}/state")), 15)
    assert "hx-trigger" not in reader.get(f"{task}/state").text
    assert "Загрузка чатов из файла Готово" in words(reader.get("/tasks"))
    with Reader(admin) as other:
        assert other.as_person(firm.hire("manager")).get(task).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("chats.xlsx", b"PK", "Выберите файл CSV"),
        ("chats.csv", b"\n;;\n", "ни одной строки"),
        ("chats.csv", b"a" * (2 * 1024 * 1024 + 1), "больше 2 МБ"),
    ],
)
def test_what_is_no_list_is_refused_in_words(reader: Reader, firm: Firm, name: str, content: bytes, said: str) -> None:
    assert said in words(send(reader.as_person(firm.hire("manager")), content, name))


def test_the_template_is_a_list_that_is_read_back(reader: Reader, firm: Firm) -> None:
    template = reader.as_person(firm.hire("manager")).get("/chats/import/template").content
    (row,) = rows_of(template.decode("utf-8-sig"))
    assert (row["client"], row["tier"], row["target"], row["line"]) == ("ООО Ромашка", "standard", "60", 2)


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_row_is_read_however_it_is_separated_and_knows_its_line(separator: str) -> None:
    lines = [["Норма", "Чат"], ["", ""], ["30", '"ООО ""Ромашка"""']]
    text = "\n".join(separator.join(line) for line in lines)
    assert rows_of(text) == [{"target": "30", "chat": 'ООО "Ромашка"', "line": 3}]


@pytest.mark.parametrize(("value", "shown"), [("standard", "Стандарт"), ("золотой", "золотой"), (None, "—")])
def test_a_cell_with_an_error_is_shown_as_it_was_written(value: str | None, shown: str) -> None:
    assert RowError(line=2, column="tier", reason="tier_is_unknown", value=value).written == shown


# Clients.


def test_another_level_says_what_it_does_to_who_waits_before_it_is_saved(
    reader: Reader, firm: Firm, owner: Colleague
) -> None:
    chat = firm.connect_chat(owner)
    client = firm.add_client(f"ООО Уровень {chat.id}", chat)
    firm.ask(chat, "Где акт?", 1)
    reader.as_person(firm.hire("manager"))
    fields = {"name": f"ООО Уровень {chat.id}", "tier": "vip", "segments": f"УСН {chat.id}"}
    assert "Сдвинет 1 срок" in words(post(reader, f"/clients/{client}", **fields))
    assert firm.row("select tier from public.clients where id = %s", client) == ("standard",)
    assert post(reader, f"/clients/{client}", **fields, is_seen="true").status_code == 303
    page = words(reader.get(f"/clients/{client}"))
    assert "VIP" in page
    assert f"УСН {chat.id}" in words(reader.get("/clients", params={"q": str(chat.id)}))
    taken = post(reader, f"/clients/{client}", **{**fields, "name": " "})
    assert (taken.status_code, "от 1 до 300 знаков" in words(taken)) == (422, True)


def test_an_admin_makes_a_client_and_gives_it_a_chat(reader: Reader, firm: Firm, owner: Colleague) -> None:
    chat = firm.connect_chat(owner)
    reader.as_person(firm.hire("admin"))
    made = post(reader, "/clients", name=f"ООО Новый {chat.id}")
    assert made.status_code == 303
    path = made.headers["location"]
    assert post(reader, f"{path}/chats", chat=str(key_of(firm, chat))).status_code == 303
    assert chat.name in words(reader.get(path))
    assert chat.name in words(reader.get("/chats", params={"client": path.rpartition("/")[2]}))


def test_a_manager_makes_no_client(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("manager"))
    assert "Новый клиент" not in words(reader.get("/clients"))
    assert post(reader, "/clients", name="ООО Самовольный").status_code == 403
