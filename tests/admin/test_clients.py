"""`/clients`: who they are, and the taking out and erasing of all that is stored about one."""

import base64
import csv
import io
import json
import zipfile
from uuid import UUID

import httpx
import pytest
from playwright.async_api import BrowserContext

from infra.local.waiting import until
from tests.admin.entrance import opened
from tests.admin.firm import Chat, Colleague, Firm, Role
from tests.admin.process import Admin, Reader, hidden, words

FORMULA = "=HYPERLINK(0)"


class Owned:
    """A client with one chat, in which Anna asked twice."""

    def __init__(self, firm: Firm, owner: Colleague | None = None) -> None:
        self.chat: Chat = firm.connect_chat(owner)
        self.name = f"ООО «Клиент {self.chat.id}»"
        self.id: UUID = firm.add_client(self.name, self.chat)
        firm.ask(self.chat, FORMULA, 30, author="Анна Архивная")
        firm.ask(self.chat, "Где акт сверки?", 20, author="Анна Архивная")

    @property
    def path(self) -> str:
        return f"/clients/{self.id}"


def export(reader: Reader, client: Owned, token_from: str = "/clients") -> httpx.Response:
    """Press «Скачать архив»."""
    return reader.post(f"{client.path}/export", data={"_csrf_token": csrf(reader, token_from)})


def erase(reader: Reader, client: Owned, name: str, token_from: str = "/clients") -> httpx.Response:
    return reader.post(f"{client.path}/erase", data={"_csrf_token": csrf(reader, token_from), "name": name})


def csrf(reader: Reader, path: str) -> str:
    return hidden(reader.get(path), "_csrf_token")


def test_an_accountant_sees_the_clients_of_her_own_chats(admin: Admin, firm: Firm) -> None:
    """I1: and another's id answers as if it did not exist."""
    olga = firm.hire("accountant")
    hers, other = Owned(firm, olga), Owned(firm, firm.hire("accountant"))
    with Reader(admin) as reader:
        page = words(reader.as_person(olga).get("/clients"))
        assert hers.name in page and hers.chat.name in page and "1 обращение ждёт" in page
        assert other.name not in page
        assert "Персональные данные" not in words(reader.get(hers.path))
        nowhere = reader.get("/clients/00000000-0000-4000-8000-00000000ffff")
        assert (reader.get(other.path).status_code, words(reader.get(other.path))) == (404, words(nowhere))


@pytest.mark.parametrize("role", ["manager", "accountant", "observer"])
def test_only_an_admin_may_export_and_erase(reader: Reader, firm: Firm, role: Role) -> None:
    person = firm.hire(role)
    client = Owned(firm, person)
    reader.as_person(person)
    assert "Стереть" not in words(reader.get(client.path))
    for answer in (export(reader, client), erase(reader, client, client.name)):
        assert answer.status_code == 403
        assert "Недостаточно прав" in words(answer)
    assert client.name in words(reader.get(client.path))


def test_a_form_without_its_token_does_nothing(reader: Reader, firm: Firm) -> None:
    client = Owned(firm)
    reader.as_person(firm.hire("admin"))
    for action in ("export", "erase"):
        assert reader.post(f"{client.path}/{action}", data={"name": client.name}).status_code == 403
    assert "Стереть данные клиента" in words(reader.get(client.path))


def test_the_archive_holds_everything_for_people_and_for_programs(reader: Reader, firm: Firm) -> None:
    client = Owned(firm)
    answer = export(reader.as_person(firm.hire("admin")), client)
    assert answer.headers["content-type"] == "application/zip"
    assert "content-encoding" not in answer.headers
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    assert client.name in files["readme.txt"].decode()
    assert [row["message_text"] for row in json.loads(files["messages.json"])] == [FORMULA, "Где акт сверки?"]
    assert json.loads(files["requests.json"])[0]["events"]
    assert json.loads(files["corrections.json"]) == []
    sheet = files["messages.csv"].decode()
    assert sheet.startswith("\ufeffВремя;Автор;")
    rows = list(csv.DictReader(io.StringIO(sheet.removeprefix("\ufeff")), delimiter=";"))
    assert [row["Текст"] for row in rows] == [f"'{FORMULA}", "Где акт сверки?"]
    assert {row["Автор"] for row in rows} == {"Анна Архивная"}
    assert rows[0]["Время"].endswith(" +0300")
    assert rows[0]["Чат"] == str(client.chat.id)


def test_erasure_wants_the_name_typed_and_then_leaves_figures_only(reader: Reader, firm: Firm) -> None:
    client = Owned(firm)
    reader.as_person(firm.hire("admin"))
    refused = erase(reader, client, "Клиент")
    assert refused.status_code == 422
    assert "Название не совпадает: ничего не удалено" in words(refused)
    begun = erase(reader, client, client.name)
    assert begun.status_code == 303
    task = begun.headers["location"]
    assert until(lambda: "Сообщения без текста, файлов и имён: 2" in words(reader.get(task)), 20)
    assert "Стирание данных клиента Удалённый клиент" in words(reader.get("/tasks"))
    page = words(reader.get(client.path))
    assert "Удалённый клиент" in page and "Цифры в отчётах сохранены" in page
    assert client.name not in page and client.chat.name not in page
    assert client.chat.name not in words(reader.get("/requests"))


def test_export_and_erasure_are_in_the_audit_with_who_from_where_and_by_which_request(
    reader: Reader, firm: Firm
) -> None:
    client, person = Owned(firm), firm.hire("admin")
    reader.as_person(person)
    answers = [export(reader, client), erase(reader, client, client.name)]
    for action, answer in zip(("export", "erase"), answers, strict=True):
        query = (
            "select actor_id, address from public.audit_log where action = %s and entity_id = %s and request_id = %s"
        )
        request_id = answer.headers["x-request-id"]
        assert firm.row(query, action, str(client.id), request_id) == (person.id, "127.0.0.1")


async def test_an_admin_erases_a_client_in_the_browser(browser: BrowserContext, firm: Firm) -> None:
    client, person = Owned(firm), firm.hire("admin")
    page = await opened(browser, person, client.path)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Скачать архив").click()
    assert (await download.value).suggested_filename == f"{client.name}.zip"
    await page.get_by_text("Стереть данные клиента").click()
    await page.get_by_label("Чтобы подтвердить").fill(client.name)
    await page.get_by_role("button", name="Стереть безвозвратно").click()
    await page.get_by_role("link", name="Удалённый клиент").click()
    await page.get_by_role("heading", name="Удалённый клиент").wait_for()


def test_a_firm_without_clients_in_sight_says_why(reader: Reader, firm: Firm) -> None:
    page = words(reader.as_person(firm.hire("accountant")).get("/clients"))
    assert "Видны только клиенты чатов, за которые отвечаете вы" in page


def test_a_list_goes_on_from_no_address_that_somebody_made_up(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    # Half of a pair of UTF-16 is a character to Python's JSON and to nobody else.
    for name in ("\ud83d", "\x00"):
        made_up = base64.urlsafe_b64encode(json.dumps([False, name, str(UUID(int=7))]).encode()).decode()
        assert reader.get("/clients", params={"after": made_up}).status_code < 500
