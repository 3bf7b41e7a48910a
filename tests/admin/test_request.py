"""`/requests/<id>`: one wait, its conversation and why it took so long, as each role reads it."""

from uuid import uuid4

import httpx
import pytest

from tests.admin.firm import Chat, Colleague, Firm
from tests.admin.process import Admin, Reader, hidden, words


def address(firm: Firm, chat: Chat) -> str:
    return f"/requests/{firm.request_of(chat)}"


def press(reader: Reader, path: str, verb: str) -> httpx.Response:
    """Send the form that the page has, or would have."""
    token = hidden(reader.get("/requests"), "_csrf_token")
    return reader.post(f"{path}/{verb}", data={"_csrf_token": token})


@pytest.fixture
def olga(firm: Firm) -> Colleague:
    return firm.hire("accountant", "Ольга Отвечающая")


@pytest.fixture
def chat(firm: Firm, olga: Colleague) -> Chat:
    """Anna asked 72 minutes ago, after a talk of yesterday."""
    chat = firm.connect_chat(olga)
    firm.ask(chat, "Вчерашний вопрос", 1500, author="Анна Спросившая")
    firm.answer(chat, olga, "Вчерашний ответ", 1490)
    firm.ask(chat, "Где акт сверки?", 72.5, author="Анна Спросившая")
    firm.ask(chat, "<b>Срочно</b>", 70, author="Анна Спросившая")
    return chat


def test_i14_the_page_tells_the_talk_and_why_it_took_so_long(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    page = reader.as_person(olga).get(address(firm, chat))
    text = words(page)
    for part in (chat.name, "Просрочено", "1 ч 12 мин рабочего времени", "60 минут", "Опоздание 12 мин", olga.name):
        assert part in text
    assert text.index("Вчерашний ответ") < text.index("Где акт сверки?") < text.index("Почему 1 ч 12 мин")
    assert "рабочее время 1 ч 12 мин" in text
    assert "&lt;b&gt;Срочно&lt;/b&gt;" in page.text
    assert "Клиент написал" in text


def test_who_takes_it_is_named_and_the_clock_goes_on(reader: Reader, firm: Firm, olga: Colleague, chat: Chat) -> None:
    path = address(firm, chat)
    assert press(reader.as_person(olga), path, "take").headers["location"] == path
    page = words(reader.get(path))
    assert f"Взято в работу: {olga.name}" in page
    assert "Взять в работу" not in page
    assert "Просрочено" in page


def test_s11_no_answer_needed_ends_the_wait_and_a_second_press_says_so(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    path = address(firm, chat)
    assert press(reader.as_person(olga), path, "excuse").status_code == 303
    page = words(reader.get(path))
    assert "отмечено, что ответ не нужен" in page
    assert "Взять в работу" not in page
    again = press(reader, path, "excuse")
    assert (again.status_code, "Клиент уже не ждёт ответа" in words(again)) == (409, True)
    assert chat.name not in words(reader.get("/requests"))


def test_an_answered_wait_says_who_answered_and_when(reader: Reader, firm: Firm, olga: Colleague, chat: Chat) -> None:
    firm.answer(chat, olga, "Акт у вас на почте", 20)
    page = words(reader.as_person(firm.hire("manager")).get(address(firm, chat)))
    assert "Отвечено в срок" in page
    assert f"Ответ клиенту: {olga.name}" in page
    assert "Акт у вас на почте" in page
    assert "Ответ не нужен" not in page


def test_an_observer_reads_the_story_without_a_word_of_the_talk(reader: Reader, firm: Firm, chat: Chat) -> None:
    """I1: nor may an observer act."""
    path = address(firm, chat)
    page = reader.as_person(firm.hire("observer")).get(path)
    assert "Наблюдатели не читают сообщений клиентов" in words(page)
    assert not [word for word in ("акт сверки", "Срочно", "Вчерашний", "Анна") if word in page.text]
    assert "/take" not in page.text
    assert press(reader, path, "take").status_code == 403


def test_anothers_wait_answers_as_one_that_does_not_exist(admin: Admin, firm: Firm, chat: Chat) -> None:
    """I1"""
    path = address(firm, chat)
    with Reader(admin) as reader:
        reader.as_person(firm.hire("accountant"))
        for verb in ("take", "excuse"):
            assert press(reader, path, verb).status_code == press(reader, f"/requests/{uuid4()}", verb).status_code
        hers, nowhere = reader.get(path), reader.get(f"/requests/{uuid4()}")
        assert (hers.status_code, words(hers)) == (404, words(nowhere))
    found = firm.row(
        "select closed_as, acknowledged_by from public.client_requests where id = %s", firm.request_of(chat)
    )
    assert found == (None, None)
