"""`/requests/<id>`: one wait, its conversation and why it took so long, as each role reads it."""

import re
from html import unescape
from uuid import uuid4

import httpx
import pytest

from tests.admin.firm import Chat, Colleague, Firm
from tests.admin.process import Admin, Reader, hidden, words


def address(firm: Firm, chat: Chat) -> str:
    return f"/requests/{firm.request_of(chat)}"


def press(reader: Reader, path: str, verb: str, **fields: str) -> httpx.Response:
    """Send the form that the page has, or would have."""
    token = hidden(reader.get("/requests"), "_csrf_token")
    return reader.post(f"{path}/{verb}", data={"_csrf_token": token, **fields})


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


def test_s2_a_correction_lets_the_wait_go_and_another_takes_that_back(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    path = address(firm, chat)
    assert press(reader.as_person(olga), path, "class", classification="spam").status_code == 303
    page = words(reader.get(path))
    assert "вопрос снят" in page and "Это вопрос" in page
    assert press(reader, path, "class", classification="request").status_code == 303
    assert "Просрочено" in words(reader.get(path))
    assert press(reader, path, "class", classification="praise").status_code in {400, 422}


def test_an_answered_wait_says_who_answered_and_when(reader: Reader, firm: Firm, olga: Colleague, chat: Chat) -> None:
    firm.answer(chat, olga, "Акт у вас на почте", 20)
    page = words(reader.as_person(firm.hire("manager")).get(address(firm, chat)))
    assert "Отвечено в срок" in page
    assert f"Ответ клиенту: {olga.name}" in page
    assert "Акт у вас на почте" in page
    assert "Ответ не нужен" not in page


def test_an_answer_goes_out_as_the_bots_and_is_the_persons(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    path = address(firm, chat)
    template = firm.add_template("Акт готов", "Здравствуйте. Акт для {{chat_title}} готов.")
    page = reader.as_person(olga).get(path)
    assert "Акт готов" in words(page)
    form = {name: hidden(page, name) for name in ("_csrf_token", "reply_id", "chat")}
    filled = reader.post(f"{path}/fill", data={**form, "body": "Анна,", "template": str(template)})
    text = f"Анна,\n\nЗдравствуйте. Акт для {chat.name} готов."
    assert text in unescape(filled.text)
    empty = reader.post(f"{path}/reply", data={**form, "body": " "})
    assert (empty.status_code, "Напишите ответ." in words(empty)) == (422, True)
    long = reader.post(f"{path}/reply", data={**form, "body": "я" * 4097})
    assert (long.status_code, "до 4 096 знаков" in words(long), "я" * 4097 in long.text) == (422, True, True)
    for _ in range(2):
        sent = reader.post(f"{path}/reply", data={**form, "body": text, "template": str(template)})
        assert sent.headers["location"] == path
    found = firm.row(
        "select count(*), min(payload ->> 'person') from public.outbox"
        " where kind = 'chat_reply' and recipient_chat_id = %s",
        chat.id,
    )
    assert found == (1, str(olga.id))
    assert firm.row("select usage_count from public.templates where id = %s", template) == (1,)
    assert olga.name in words(reader.get(path))


def test_what_telegram_refused_is_shown_and_tried_again(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    path = address(firm, chat)
    reply = firm.fail_reply(chat, olga, firm.request_of(chat), "Акт не ушёл")
    page = words(reader.as_person(olga).get(path))
    for part in ("не доставлено", "Акт не ушёл", "not enough rights", "Отправить ещё раз"):
        assert part in page
    retried = press(reader, f"{path}/replies/{reply}", "retry")
    assert retried.headers["location"] == path
    assert firm.row("select last_error is not null, status <> 'cancelled' from public.outbox where id = %s", reply)
    again = press(reader, f"{path}/replies/{reply}", "retry")
    assert again.status_code in {303, 409}


def test_a_wait_on_a_schedule_that_never_opens_has_its_story(reader: Reader, firm: Firm, olga: Colleague) -> None:
    closed = firm.connect_chat(olga, schedule=firm.never_open())
    firm.ask(closed, "Вопрос", 10)
    page = words(reader.as_person(olga).get(address(firm, closed)))
    assert "нет рабочего времени в графике" in page


def test_a_request_is_given_to_somebody_and_back(reader: Reader, firm: Firm, olga: Colleague, chat: Chat) -> None:
    path, ivan = address(firm, chat), firm.hire("accountant", "Иван Взявший")
    reader.as_person(firm.hire("manager"))
    assert press(reader, path, "assign", assignee=str(ivan.id)).headers["location"] == path
    page = words(reader.get(path))
    assert "Передано: 1." in page and "Сменился ответственный → Иван Взявший" in page and "передано лично" in page
    press(reader, path, "assign", assignee="chat")
    assert "передано лично" not in words(reader.get(path))
    assert press(reader, path, "assign", assignee="x").status_code in {400, 422}


def test_the_talk_goes_on_earlier_and_shows_what_was_edited(
    reader: Reader, firm: Firm, olga: Colleague, chat: Chat
) -> None:
    for minute in range(12):
        firm.ask(chat, f"Было давно {minute}", 1600 - minute)
    path = address(firm, chat)
    page = reader.as_person(olga).get(path)
    assert "Было давно 11" in page.text and "Было давно 0" not in page.text
    earlier = re.search(rf'href="({path}\?before=[^"]+)"', page.text)
    assert earlier
    assert "Было давно 0" in reader.get(earlier[1]).text
    assert "<html" not in reader.get(earlier[1], headers={"hx-request": "true"}).text
    assert reader.get(f"{path}?before=made-up").status_code == 200


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
