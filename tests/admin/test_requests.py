"""`/requests` as each role reads it (I1)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import psycopg

from tests.admin.firm import Chat, Firm
from tests.admin.process import Admin, Reader, words

FRAGMENT = {"hx-request": "true"}


def test_an_accountant_sees_only_her_own_chats(admin: Admin, firm: Firm) -> None:
    """I1"""
    olga, ivan = firm.hire("accountant", "Ольга Первая"), firm.hire("accountant", "Иван Второй")
    hers, his = firm.connect_chat(olga), firm.connect_chat(ivan)
    firm.ask(hers, "Где акт сверки?")
    firm.ask(his, "Когда зарплата?")
    for person, sees, misses in ((olga, hers, his), (ivan, his, hers)):
        with Reader(admin) as reader:
            page = words(reader.as_person(person).get("/requests"))
            assert sees.name in page
            assert misses.name not in page
            assert misses.name not in words(reader.get("/requests", headers=FRAGMENT))


def test_a_manager_sees_who_asks_what_of_whom(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant", "Ольга Ответственная")
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Где акт сверки?", 30.5, author="Анна Ромашкина")
    firm.ask(chat, "Очень нужен сегодня", 20, author="Борис Ромашкин")
    line = row(reader.as_person(firm.hire("manager")), chat.name)
    for part in (
        "Ждёт",
        "осталось 29 мин",
        "срок",
        "Борис Ромашкин:",
        "Очень нужен сегодня",
        owner.name,
        "2 сообщения",
    ):
        assert part in line


def test_g6_a_chat_bears_its_new_title(reader: Reader, firm: Firm) -> None:
    chat = firm.connect_chat(firm.hire("accountant"))
    firm.ask(chat, "Где акт сверки?")
    firm.ask(renamed := Chat(chat.id, f"Лютик {chat.id}"), "", kind="service")
    page = words(reader.as_person(firm.hire("manager")).get("/requests", params={"q": chat.id}))
    assert renamed.name in page
    assert chat.name not in page


def test_an_observer_reads_no_text(reader: Reader, firm: Firm) -> None:
    """I1"""
    chat = firm.connect_chat(firm.hire("accountant"))
    firm.ask(chat, "Тайна за семью печатями", author="Анна Тайная")
    page = reader.as_person(firm.hire("observer")).get("/requests", params={"q": chat.name})
    assert chat.name in words(page)
    assert "текст скрыт" in row(reader, chat.name)
    assert "Тайна за семью печатями" not in page.text


def test_the_three_states_are_words_and_counted(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chats = {minutes: firm.connect_chat(owner) for minutes in (72.5, 50.5, 1.5)}
    for minutes, chat in chats.items():
        firm.ask(chat, "Вопрос", minutes)
    page = words(reader.as_person(owner).get("/requests"))
    assert "Просрочено 1 Скоро срок 1 Ждут 1" in page
    assert "Просрочено просрочено на 12 мин" in row(reader, chats[72.5].name)
    assert "Скоро срок осталось 9 мин" in row(reader, chats[50.5].name)
    assert "Ждёт осталось 58 мин" in row(reader, chats[1.5].name)
    assert "<title>(1) Ожидают ответа" in reader.get("/requests").text


def test_the_least_time_left_comes_first(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chats = {minutes: firm.connect_chat(owner) for minutes in (5, 90, 40)}
    for minutes, chat in chats.items():
        firm.ask(chat, "Вопрос", minutes)
    page = words(reader.as_person(owner).get("/requests"))
    places = {minutes: page.index(chat.name) for minutes, chat in chats.items()}
    assert sorted(places, key=places.__getitem__) == [90, 40, 5]


def test_a_schedule_that_never_opens_is_named(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner, schedule=firm.never_open())
    firm.ask(chat, "Вопрос", 10)
    reader.as_person(owner)
    assert "нет рабочего времени в графике" in row(reader, chat.name)


def test_a_voice_message_is_called_one(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    firm.ask(chat, "", kind="voice")
    assert "Голосовое сообщение" in row(reader.as_person(owner), chat.name)


def test_a_chat_without_owner_is_visible(reader: Reader, firm: Firm) -> None:
    chat = firm.connect_chat(None)
    firm.ask(chat, "Есть кто?")
    assert "без ответственного" in row(reader.as_person(firm.hire("manager")), chat.name)


def test_a_clients_words_stay_words(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner, name="<b>ООО</b> & сын")
    firm.ask(chat, "<script>alert(1)</script> {{ 7 * 7 }}", author='"><img src=x>')
    page = reader.as_person(owner).get("/requests")
    assert "<script>alert(1)" not in page.text
    assert "<img src=x>" not in page.text
    for part in ("<b>ООО</b> & сын №", '"><img src=x>: <script>alert(1)</script> {{ 7 * 7 }}'):
        assert part in unmarked(page.text)


def test_nobody_waits_says_why_and_what_next(reader: Reader, firm: Firm) -> None:
    page = words(reader.as_person(firm.hire("accountant")).get("/requests"))
    assert "Никто не ждёт ответа" in page
    assert "появится здесь само" in page
    assert "за которые отвечаете вы" in page


def test_a_fragment_is_the_list_and_the_title(reader: Reader, firm: Firm) -> None:
    fragment = reader.as_person(firm.hire("accountant")).get("/requests", headers=FRAGMENT)
    assert fragment.status_code == 200
    assert "<html" not in fragment.text
    assert "<title>" in fragment.text


def test_times_are_the_readers(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Вопрос")
    reader.as_person(owner)
    assert "МСК" in row(reader, chat.name)
    reader.cookies.set("zone", "Asia/Yekaterinburg")
    assert "МСК" not in row(reader, chat.name)


def test_a_list_that_cannot_be_read_is_not_an_empty_one(
    environment: dict[str, str], reader: Reader, firm: Firm
) -> None:
    reader.as_person(firm.hire("manager"))
    reader.timeout = 20
    with held_up(environment["DATABASE_URL"]):
        page = reader.get("/requests")
    assert page.status_code == 503
    assert "Не удалось загрузить" in words(page)
    assert "Никто не ждёт" not in words(page)


def test_filters_narrow_the_list_and_are_taken_off_one_by_one(reader: Reader, firm: Firm) -> None:
    manager, owner = firm.hire("manager"), firm.hire("accountant", "Ольга Отобранная")
    theirs, nobodys = firm.connect_chat(owner), firm.connect_chat(None)
    firm.ask(theirs, "Где договор поставки?", 70)
    firm.ask(nobodys, "Кто-нибудь есть?", 5)
    reader.as_person(manager)
    for query, sees, misses in (
        ({"owner": "nobody"}, nobodys, theirs),
        ({"owner": str(owner.id)}, theirs, nobodys),
        ({"q": "ДОГОВОР ПОСТАВКИ"}, theirs, nobodys),
        ({"q": theirs.name, "state": "overdue"}, theirs, nobodys),
    ):
        page = reader.get("/requests", params=query)
        assert sees.name in words(page) and misses.name not in words(page), query
        assert "Сбросить фильтры" in words(page)
    text = words(reader.get("/requests", params={"owner": str(owner.id), "state": "overdue", "q": "договор"}))
    for chip in ("Убрать: Просрочено", f"Убрать: Отвечает: {owner.name}", "Убрать: «договор»"):
        assert chip in text
    odd = reader.get(
        "/requests", params={"owner": "x'--", "state": "all", "since": "31.02", "after": "AAAA", "tier": "0"}
    )
    assert (odd.status_code, "Сбросить фильтры" in words(odd)) == (200, False)
    assert "Ничего не подходит" in words(reader.get("/requests", params={"q": "такого никто не писал"}))


def test_closed_ones_are_found_with_how_long_it_took(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant", "Ольга Ответившая")
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Где акт?", 60)
    firm.answer(chat, owner, "У вас", 20)
    page = words(reader.as_person(owner).get("/requests", params={"state": "answered"}))
    for part in (
        "Закрытые обращения",
        chat.name,
        "за 40 мин",
        "Отвечено в срок 1",
        owner.name,
        "За последние семь дней",
    ):
        assert part in page


def test_a_list_goes_on_and_counts_all_of_it(reader: Reader, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chats = [firm.connect_chat(owner) for _ in range(53)]
    for chat in chats:
        firm.ask(chat, "Вопрос", 1)
    first = reader.as_person(owner).get("/requests")
    assert "Ждут 53" in words(first)
    onward = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert onward
    second = reader.get(unescape(onward[1]))
    shown = [re.findall(r'id="request-([^"]+)"', page.text) for page in (first, second)]
    assert [len(ids) for ids in shown] == [50, 3]
    assert len({*shown[0], *shown[1]}) == 53


@contextmanager
def held_up(database_url: str) -> Iterator[None]:
    """Nobody can read windows while this lasts."""
    with psycopg.connect(database_url) as connection:
        connection.execute("lock table public.client_requests in access exclusive mode")
        yield
        connection.rollback()


def row(reader: Reader, chat_name: str) -> str:
    """Return what the row of a chat says."""
    items = reader.get("/requests", params={"q": chat_name}).text.split("<li ")
    [found] = [item for item in items[1:] if chat_name in item]
    return unmarked(found.partition("</li>")[0].partition(">")[2])


def unmarked(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\u00a0", " "))
