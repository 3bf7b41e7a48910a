"""A manager connects a client's chat from nothing, and loads a list of five hundred, as people do it."""

import asyncio

from playwright.async_api import BrowserContext, Page, expect

from infra.local.telegram.client import SimulatorClient
from tests.bot.newcomers import Newcomers
from tests.stack import Stack

PASSWORD = "buhbot-demo-2026"
ROWS = 500
# Milliseconds for what goes through Telegram or a job.
PATIENCE = 30_000


async def sign_in(browser: BrowserContext, stack: Stack, path: str) -> Page:
    page = await browser.new_page()
    await page.goto(f"{stack.urls['admin']}/login?next={path}")
    await page.get_by_label("Почта").fill("manager@buhbot.test")
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_url(f"**{path}")
    return page


def listed(client: str, rows: int, *, wrong: bool) -> bytes:
    """A file of so many groups; the tenth, the hundredth and the last have a mistake each."""
    lines = ["Чат;Клиент;Ответственный;Норма, минут"]
    for nth in range(1, rows + 1):
        owner = "nobody@buhbot.test" if wrong and nth == 10 else "accountant@buhbot.test"
        target = "сто" if wrong and nth == 100 else "60"
        name = "ООО Такого Нет" if wrong and nth == rows else client
        lines.append(f"{client} · группа {nth};{name};{owner};{target}")
    return "\r\n".join(lines).encode("cp1251")


async def check_list(page: Page, stack: Stack, client: str, *, wrong: bool) -> None:
    await page.goto(f"{stack.urls['admin']}/chats/import")
    content = await asyncio.to_thread(listed, client, ROWS, wrong=wrong)
    await page.get_by_label("Файл CSV").set_input_files(
        {"name": "chats.csv", "mimeType": "text/csv", "buffer": content}
    )
    await page.get_by_role("button", name="Проверить").click()
    await page.wait_for_url("**/tasks/*")


async def load_list(page: Page, stack: Stack, new: Newcomers) -> None:
    """Load a list with three mistakes, mend it, and have it applied."""
    await check_list(page, stack, new.name, wrong=True)
    await expect(page.get_by_role("alert")).to_contain_text("3 строки с ошибками")
    rows = page.locator("table.errors tbody tr")
    assert [await rows.nth(at).locator("th").inner_text() for at in range(3)] == ["11", "101", "501"]
    await check_list(page, stack, new.name, wrong=False)
    await expect(page.get_by_text(f"Ссылки для групп, где бота ещё нет: {ROWS}")).to_be_visible()
    await page.get_by_role("button", name="Применить").click()
    await expect(page.get_by_role("heading", name="Что сделано")).to_be_visible(timeout=PATIENCE)
    query = "select count(*) as n from public.chat_invitations where client_id = %s and used_at is null"
    assert new.rows(query, new.client) == [{"n": ROWS}]


async def bring_bot(page: Page, sim: SimulatorClient, new: Newcomers) -> None:
    """Open the link that the page shows: the bot comes as a plain member, and then is made an administrator."""
    address = await page.get_by_label("Ссылка", exact=True).input_value()
    group = await new.group()
    await new.brings_bot(group, payload=address.partition("startgroup=")[2])
    joined = page.get_by_role("heading", name=f"Чат подключён: {new.name}")
    await expect(joined).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_text("Бот видит только команды")).to_be_visible()
    bot = new.rows("select bot_telegram_id from public.settings")[0]["bot_telegram_id"]
    await sim.post("member", chat_id=group, user_id=bot, status="administrator", by=new.boss)
    await sim.say(new.boss, group, "Проверка связи")


async def test_g1_a_manager_connects_a_chat_and_loads_a_list(
    browser: BrowserContext, stack: Stack, sim: SimulatorClient
) -> None:
    new = Newcomers(stack, sim)
    await sim.limits(on=False)
    page = await sign_in(browser, stack, "/chats/new")
    # Among thousands of clients: by a part of the name.
    await page.get_by_label("Найти клиента").fill(new.name[:-1].upper())
    await page.get_by_role("button", name="Найти", exact=True).click()
    await page.get_by_label("Клиент", exact=True).select_option(label=new.name)
    await page.get_by_label("Ответственный", exact=True).select_option(label="Ольга Петрова")
    await page.get_by_label("Политика", exact=True).select_option(label="Круглосуточно")
    await page.get_by_role("button", name="Получить ссылку").click()
    await bring_bot(page, sim, new)
    # The open page says by itself that it is mended.
    await expect(page.get_by_text("Бот видит только команды")).to_have_count(0, timeout=PATIENCE)
    await expect(page.locator(".finding.green")).to_contain_text("время ответа измеряется")
    await expect(page.locator(".finding.red")).to_have_count(0)
    await page.get_by_role("link", name="Открыть чат").click()
    await expect(page.locator(".talk-lines")).to_contain_text("Проверка связи")
    await load_list(page, stack, new)
    await sim.limits(on=True)
