"""What is done in the list of requests: to several at once, and to the views that a person keeps."""

import re
from uuid import UUID

from tests.admin.firm import Firm
from tests.admin.process import Reader, hidden, words


def test_several_are_acted_on_at_once_and_one_sentence_says_what_became_of_them(reader: Reader, firm: Firm) -> None:
    manager, ivan = firm.hire("manager"), firm.hire("accountant", "Иван Получивший")
    owner = firm.hire("accountant")
    ids = []
    for minutes in (5, 4, 3):
        firm.ask(chat := firm.connect_chat(owner), "Вопрос", minutes)
        ids.append(str(firm.request_of(chat)))
    reader.as_person(manager)

    def act(**form: str | list[str]) -> str:
        token = hidden(reader.get("/requests"), "_csrf_token")
        back = {"_csrf_token": token, "back": f"owner={owner.id}&x=//evil.test"}
        answer = reader.post("/requests/bulk", data={**back, **form})
        assert answer.headers["location"].startswith(f"/requests?owner={owner.id}"), answer.text
        return words(reader.get(answer.headers["location"]))

    assert "Сначала отметьте обращения." in act(act="take")
    assert "Отмечено «ответ не нужен»: 1." in act(act="excuse", request=ids[0])
    assert "Взято в работу: 2, уже закрыто: 1." in act(act="take", request=ids)
    assert "Сначала выберите, кому передать." in act(act="assign", request=ids)
    assert "Передано: 1." in act(act="assign", request=ids[1], assignee=str(ivan.id))
    line = words(reader.get("/requests", params={"owner": str(ivan.id)}))
    assert "Иван Получивший" in line and "передано лично" in line


def test_an_observer_has_nothing_to_press(reader: Reader, firm: Firm) -> None:
    firm.ask(firm.connect_chat(firm.hire("accountant")), "Вопрос")
    page = reader.as_person(firm.hire("observer")).get("/requests")
    assert "/requests/bulk" not in page.text
    form = {"_csrf_token": hidden(page, "_csrf_token"), "act": "take", "request": str(UUID(int=1))}
    assert reader.post("/requests/bulk", data=form).status_code == 403


def test_a_view_is_kept_renamed_and_deleted(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("manager"))
    page = reader.get("/requests", params={"state": "overdue", "owner": "nobody"})
    assert "Сохранить вид" in words(page)
    token = {"_csrf_token": hidden(page, "_csrf_token")}
    query = "state=overdue&owner=nobody"
    kept = reader.post("/requests/views", data={**token, "name": "  Утро ", "query": query})
    page = reader.get(kept.headers["location"])
    assert "Вид «Утро» сохранён." in words(page) and "Изменить вид" in words(page)
    [view] = re.findall(r'action="(/requests/views/[0-9a-f-]+)"', page.text)
    reader.post(view, data={**token, "name": "Вечер", "query": query})
    assert "Вечер" in words(reader.get("/requests")) and "Утро" not in words(reader.get("/requests"))
    assert reader.post(view, data={**token, "name": "", "query": query}).status_code == 422
    reader.post(f"{view}/delete", data={**token, "query": query})
    assert "Вечер" not in words(reader.get("/requests"))
