"""The tour of the README, walked in a real browser against real processes."""

import time

import pytest
from playwright.async_api import BrowserContext, Page, expect

from infra.local.waiting import until
from tests.stack import Stack
from tests.world import ClientChat

PASSWORD = "buhbot-demo-2026"


async def open_playground(browser: BrowserContext, stack: Stack) -> Page:
    page = await browser.new_page()
    await page.goto(stack.urls["simulator"])
    return page


async def write(page: Page, chat: str, who: str, text: str, when: str = "сейчас") -> None:
    await page.get_by_role("button", name=chat).first.click()
    await page.get_by_role("radio", name=who).click()
    await page.get_by_label("Написать как будто").select_option(when)
    await page.get_by_placeholder("Сообщение").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine").last).to_contain_text(text)


async def sign_in(browser: BrowserContext, stack: Stack, who: str) -> Page:
    page = await browser.new_page()
    await page.goto(f"{stack.urls['admin']}/requests")
    await page.locator("input[type=email]").fill(f"{who}@buhbot.test")
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/requests")
    return page


async def test_the_tour_of_the_readme(browser: BrowserContext, stack: Stack) -> None:
    chat = "ООО Круглосуточно"
    playground = await open_playground(browser, stack)
    admin = await sign_in(browser, stack, "manager")
    row = admin.locator("li.request", has_text=chat)

    # A client writes, an hour and ten minutes ago: the window is there, and late, without a reload.
    await write(playground, chat, "Григорий", "Где акт сверки?", "70 минут назад")
    await expect(row).to_contain_text("Где акт сверки?")
    await expect(row).to_contain_text("просрочено")

    # The manager is told, takes it, and the admin shows it.
    await playground.get_by_role("button", name="Пётр Волков").click()
    alert = playground.locator("article", has_text=chat).last
    await expect(alert).to_contain_text("клиент ждёт ответа 1 ч 10 мин")
    await alert.get_by_role("button", name="Взял в работу").click()
    await expect(alert).to_contain_text("В работе: Пётр Волков")
    await expect(row).to_contain_text("взято в работу: Пётр Волков")

    # The accountant answers: nobody waits, and the ledger knows when and who.
    await write(playground, chat, "Ольга", "Акт отправила, проверьте почту")
    await expect(row).to_have_count(0)


async def test_an_answer_in_time_is_met(browser: BrowserContext, stack: Stack, chat: ClientChat) -> None:
    admin = await sign_in(browser, stack, "accountant")
    await chat.ask("Пришлите счёт", minutes_ago=20)
    row = admin.locator("li.request", has_text=chat.title)
    await expect(row).to_contain_text("осталось")
    await chat.answer("Отправила")
    await expect(row).to_have_count(0)
    assert [window["outcome"] for window in chat.windows] == ["met"]


async def test_a_commit_is_on_the_page_within_two_seconds(
    browser: BrowserContext, stack: Stack, chat: ClientChat
) -> None:
    admin = await sign_in(browser, stack, "admin")
    await admin.wait_for_load_state("networkidle")
    await chat.ask("Сколько мы должны?")
    assert until(lambda: bool(chat.windows), 10)
    committed = time.monotonic()
    await expect(admin.locator("li.request", has_text=chat.title)).to_be_visible()
    assert time.monotonic() - committed < 2


@pytest.mark.parametrize(
    ("who", "sees_text"), [("manager", True), ("accountant", True), ("accountant2", None), ("observer", False)]
)
async def test_i1_each_person_sees_what_is_theirs(
    browser: BrowserContext, stack: Stack, chat: ClientChat, who: str, *, sees_text: bool | None
) -> None:
    """The chat is the accountant's: her colleague does not see it, the observer sees it without its text."""
    await chat.ask("Секретный вопрос")
    assert until(lambda: bool(chat.windows), 10)
    page = await sign_in(browser, stack, who)
    await expect(page.get_by_role("heading", name="Ожидают ответа")).to_be_visible()
    assert await page.locator("li.request", has_text=chat.title).count() == (0 if sees_text is None else 1)
    assert ("Секретный вопрос" in await page.content()) is bool(sees_text)
