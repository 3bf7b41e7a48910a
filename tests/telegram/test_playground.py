"""The playground as a newcomer uses it: choose a chat, write as somebody, press the bot's button."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from playwright.async_api import ConsoleMessage, Page, expect

from infra.local.telegram.client import SimulatorClient
from tests.browser import chromium
from tests.telegram.receiver import Receiver, until

GROUP = -1001000000001
EVIL = "<img src=x onerror=document.title='взлом'><b>Анна</b>"


async def test_the_page_allows_nothing_foreign(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(url) as response:
            policy, page = response.headers["content-security-policy"], await response.text()
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "//" not in page.replace("<!doctype html>", "")
        for name in ("app.js", "style.css", "icon.svg"):
            async with http.get(f"{url}/page/{name}") as response:
                assert response.status == 200
        for name in ("index.htm", "..%2fapp.py", "%2e%2e/settings.py"):
            async with http.get(f"{url}/page/{name}") as response:
                assert response.status == 404


@pytest.fixture
async def page(url: str) -> AsyncIterator[Page]:
    """A browser window of a phone's width, closed before `url` stops answering; a complaint fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="ru-RU")
        page = await context.new_page()
        page.set_default_timeout(5000)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []


async def test_a_newcomer_writes_as_the_client_and_presses_as_the_manager(
    page: Page, url: str, sim: SimulatorClient, bot: Bot, receiver: Receiver
) -> None:
    await page.goto(url)
    await page.get_by_role("button", name="ООО Ромашка").click()
    await page.get_by_role("radio", name="Борис").click()
    await page.get_by_label("Написать как будто").select_option("70 минут назад")
    await page.get_by_placeholder("Сообщение").fill(EVIL)
    await page.keyboard.press("Enter")
    await expect(page.locator("article.mine")).to_contain_text("onerror=document.title")
    said = await sim.until_message(GROUP, EVIL)
    await sim.until_delivered()
    assert receiver.texts == [EVIL]
    assert (said.author.id, "взлом" in await page.title()) == (2002, False)
    await expect(page.locator("#status-text")).to_have_text("Бот получил всё")

    take = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Взял в работу", callback_data="t:1")]])
    await bot.send_message(1002, "<b>ООО Ромашка</b> ждёт ответа", reply_markup=take)
    await page.get_by_label("К списку чатов").click()
    await page.get_by_role("button", name="Пётр Волков").click()
    await page.get_by_role("button", name="Взял в работу").click()
    await until(lambda: receiver.updates[-1].callback_query)
    press = receiver.updates[-1].callback_query
    assert press
    assert press.from_user.id == 1002
    await bot.answer_callback_query(press.id, "Записано за вами")
    await expect(page.get_by_text("Записано за вами")).to_be_visible()


async def test_people_edit_react_attach_and_start(page: Page, url: str, sim: SimulatorClient) -> None:
    await sim.say(2001, GROUP, "Где акт?")
    await page.goto(f"{url}/#{GROUP}")
    mine = page.locator("article", has_text="Где акт?")
    await mine.hover()
    await mine.get_by_label("Изменить").click()
    await page.get_by_placeholder("Сообщение").fill("Где акт за май?")
    await page.keyboard.press("Enter")
    edited = page.locator("article", has_text="Где акт за май?")
    await expect(edited).to_contain_text("изменено")
    await edited.hover()
    await edited.get_by_label("Поставить").click()
    await expect(edited.locator(".reactions")).to_contain_text("1")
    await page.get_by_placeholder("Сообщение").fill("Вот скан")
    await page.get_by_label("Вложить").click()
    await page.get_by_role("menuitem", name="Фото").click()
    photo = await sim.until_message(GROUP, "Вот скан")
    assert photo.caption == "Вот скан"
    await page.goto(f"{url}/#2001")
    await page.get_by_role("button", name="Начать").click()
    await sim.until_message(2001, "/start")
    await expect(page.get_by_placeholder("Сообщение")).to_be_visible()
