"""`/alerts` as each role reads it and acts on it."""

import httpx
import pytest

from infra.local.waiting import until
from tests.admin.firm import Chat, Colleague, Firm
from tests.admin.process import Admin, Reader, hidden, words


@pytest.fixture
def late(firm: Firm) -> tuple[Colleague, Chat]:
    """Olga's client waits too long, and the sweep has said so."""
    olga = firm.hire("accountant", "Ольга Опоздавшая")
    chat = firm.connect_chat(olga)
    firm.ask(chat, "Где акт сверки?", 70)
    told = "select 1 from public.sla_alerts where request_id = %s"
    request_id = firm.request_of(chat)
    assert until(lambda: firm.row(told, request_id) is not None, 10)
    return olga, chat


def card(page: httpx.Response, chat: Chat) -> str:
    """Return the markup of a chat's first card."""
    return next(part for part in page.text.split('<li class="card')[1:] if chat.name in part)


def press(reader: Reader, page: httpx.Response, chat: Chat, verb: str) -> httpx.Response:
    action = next(part for part in card(page, chat).split('action="')[1:] if verb in part.partition('"')[0])
    fields = {"_csrf_token": hidden(page, "_csrf_token"), "next": "/alerts?state=open"}
    return reader.post(action.partition('"')[0], data=fields, follow_redirects=True)


def test_an_alert_is_taken_where_it_is_read(admin: Admin, firm: Firm, late: tuple[Colleague, Chat]) -> None:
    olga, chat = late
    with Reader(admin) as reader:
        page = reader.as_person(olga).get("/alerts")
        assert "Срок прошёл" in card(page, chat)
        assert "Закрыть оповещение" not in page.text
        assert "Взято в работу" in words(press(reader, page, chat, "take"))
        assert "Закрыто: взято в работу" in card(reader.get("/alerts?state=resolved"), chat)


def test_a_manager_closes_an_alert(reader: Reader, firm: Firm, late: tuple[Colleague, Chat]) -> None:
    _olga, chat = late
    page = reader.as_person(firm.hire("manager", "Марк Закрывающий")).get("/alerts")
    assert "ответственный: Ольга Опоздавшая" in card(page, chat)
    assert "Оповещение закрыто" in words(press(reader, page, chat, "resolve"))
    assert "закрыто вручную: Марк Закрывающий" in card(reader.get("/alerts?state=resolved"), chat)


def test_an_alert_is_not_shown_to_who_may_not_and_observers_press_nothing(
    admin: Admin, firm: Firm, late: tuple[Colleague, Chat]
) -> None:
    _olga, chat = late
    with Reader(admin) as reader:
        assert chat.name not in reader.as_person(firm.hire("accountant")).get("/alerts").text
    with Reader(admin) as reader:
        page = reader.as_person(firm.hire("observer")).get("/alerts")
        assert chat.name in page.text
        assert "Взять в работу" not in page.text


def test_filters_stand_in_the_address_and_nonsense_is_not_said(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("manager"))
    page = reader.get("/alerts?state=all&kind=warning&level=&person=&since=2020-01-01&until=2020-01-02")
    assert page.status_code == 200
    assert "Ничего не нашлось" in words(page)
    assert '<option value="warning" selected>' in page.text
    for nonsense in ("state=maybe", "person=me", "since=9999-12-31", "level=99999999999", "kind=%00"):
        page = reader.get(f"/alerts?{nonsense}&until=2020-01-02")
        assert (page.status_code, 'value="2020-01-02"' in page.text) == (200, True), nonsense
    for made_up in ("eA==", "WyJ4IiwgInkiXQ==", "Wzk5LCAxXQ=="):
        assert reader.get(f"/alerts?after={made_up}").status_code == 200
