"""`/`: the day of the reader's own scope, what to do next, live; a number that could not be read says so."""

import re
import secrets

from playwright.async_api import BrowserContext, expect

from tests.admin.entrance import opened
from tests.admin.firm import Firm
from tests.admin.process import Reader, words


def figure(page: str, title: str) -> str:
    """The number under a heading of the day."""
    found = re.search(rf"<dt>{title}</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert found, page
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def test_an_accountant_sees_the_own_day_and_nothing_to_put_right(reader: Reader, firm: Firm) -> None:
    person, other = firm.hire("accountant", "Ольга Сегодня"), firm.hire("accountant")
    late, fresh = firm.connect_chat(person), firm.connect_chat(person)
    firm.ask(late, "Где отчёт?", 90)
    firm.ask(fresh, "Добрый день, когда акт?", 2)
    firm.ask(firm.connect_chat(other), "Чужой вопрос", 90)
    page = reader.as_person(person).get("/")
    assert [figure(page.text, title) for title in ("Просрочено", "Скоро срок", "Ждут")] == ["1", "0", "1"]
    assert "Ответить в первую очередь" in words(page)
    assert f'<a href="/requests/{firm.request_of(late)}">{late.name}</a>' in page.text
    assert "2 чата" in words(page)
    assert "Что поправить" not in words(page)


def test_who_runs_the_firm_is_told_what_to_put_right_with_links_to_where(reader: Reader, firm: Firm) -> None:
    firm.connect_chat(None)
    blocked = (
        "update public.users set telegram_id = %s, unreachable_since = now(), unreachable_because = 'blocked'"
        " where id = %s"
    )
    firm.run(blocked, 10**9 + secrets.randbelow(10**9), firm.hire("accountant").id)
    page = reader.as_person(firm.hire("manager")).get("/")
    listed = page.text.partition('id="steps"')[2].partition("</section>")[0]
    assert 1 <= listed.count("<li") <= 7
    assert '<li class="red"><a href="/team?who=unlinked">' in listed
    # Chats that nobody is told of are named, with the reason.
    assert "нет ответственного" in words(page)


def test_an_observer_has_nothing_to_do_and_sees_the_figures(reader: Reader, firm: Firm) -> None:
    firm.ask(firm.connect_chat(firm.hire("accountant")), "Где отчёт?", 90)
    page = reader.as_person(firm.hire("observer")).get("/")
    assert int(figure(page.text, "Просрочено")) >= 1
    assert "Ответить в первую очередь" not in words(page)
    assert "Что поправить" not in words(page)


def test_a_firm_without_chats_is_told_what_to_do(reader: Reader, firm: Firm) -> None:
    page = words(reader.as_person(firm.hire("accountant")).get("/"))
    assert "Никто не ждёт ответа." in page
    assert "Пока ни за одним чатом не наблюдают." in page


async def test_the_day_is_counted_anew_within_two_seconds(browser: BrowserContext, firm: Firm) -> None:
    person = firm.hire("accountant")
    chat = firm.connect_chat(person)
    page = await opened(browser, person, "/")
    late = page.locator("#today dl > div", has_text="Просрочено")
    await expect(late.locator("dd")).to_have_text("0")
    await expect(page.locator("html")).to_have_attribute("data-link", "open")
    firm.ask(chat, "Где отчёт?", 90)
    firm.hint()
    await expect(late.locator("dd")).to_have_text("1", timeout=2000)
    await expect(page.get_by_role("link", name=chat.name)).to_be_visible()
