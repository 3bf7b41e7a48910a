"""A person's way through the firm in real browsers: invited, signed up, at work, and out."""

import secrets

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium
from tests.stack import Stack

PASSWORD = "buhbot-demo-2026"


async def visitor(browser: Browser, stack: Stack) -> Page:
    """Somebody at a browser of their own."""
    context = await browser.new_context(base_url=stack.urls["admin"], locale="ru-RU", timezone_id="Europe/Moscow")
    context.set_default_timeout(15_000)
    return await context.new_page()


async def enter(page: Page, email: str) -> None:
    await page.goto("/login?next=/requests")
    await page.locator("input[type=email]").fill(email)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/requests")


async def invited(chief: Page, email: str, name: str) -> str:
    """Fill the form of /team in, and return the link it gives."""
    await chief.get_by_role("link", name="Команда").click()
    form = chief.locator("form.invite")
    await form.get_by_label("Почта").fill(email)
    await form.get_by_label("Имя и фамилия").fill(name)
    await form.get_by_role("button", name="Пригласить").click()
    await expect(chief.get_by_role("status").filter(has_text="Приглашение готово")).to_be_visible()
    return await chief.get_by_label(f"Ссылка: {name}").input_value()


async def test_a_person_is_invited_signs_up_sees_her_own_and_is_out_when_deactivated(stack: Stack) -> None:
    """I7, I1, B7 in one walk."""
    number = secrets.randbelow(10**6)
    email, name = f"walk{number}@buhbot.test", f"Светлана Белова {number}"
    async with chromium() as browser:
        chief, newcomer = await visitor(browser, stack), await visitor(browser, stack)
        await enter(chief, "admin@buhbot.test")
        link = await invited(chief, email, name)

        # The link says who invites, and lets her in with a password of her own.
        await newcomer.goto(link)
        await expect(newcomer.locator(".lead")).to_contain_text("Ирина Соколова приглашает вас")
        await newcomer.get_by_label("Новый пароль").fill(PASSWORD)
        await newcomer.get_by_label("Ещё раз").fill(PASSWORD)
        await newcomer.get_by_role("button", name="Присоединиться").click()
        await newcomer.wait_for_url("**/")
        await expect(newcomer.locator("header")).to_contain_text(name)

        # An accountant without chats sees none, and no page of those who run the firm.
        await newcomer.goto("/requests")
        await expect(newcomer.get_by_role("heading", name="Никто не ждёт ответа")).to_be_visible()
        await expect(newcomer.get_by_role("link", name="Команда")).to_have_count(0)
        await newcomer.goto("/team")
        await expect(newcomer.get_by_role("heading", name="Недостаточно прав")).to_be_visible()

        # Her access is taken away while her page is open: it closes by itself, and says why.
        await newcomer.goto("/requests")
        await chief.goto(f"/team?q={email}")
        card = chief.locator("li.member", has_text=email)
        await card.get_by_text("Изменить", exact=False).first.click()
        await card.get_by_role("button", name="Отключить доступ").click()
        await expect(chief.get_by_role("status").filter(has_text="Доступ отключён")).to_be_visible()
        await expect(newcomer.get_by_role("status").filter(has_text="Ваш доступ отключён")).to_be_visible()

        # And the link is spent.
        await newcomer.goto(link)
        await expect(newcomer.get_by_role("heading", name="Приглашение уже использовано")).to_be_visible()


async def test_without_javascript_people_are_invited_and_come_in(browser: BrowserContext, stack: Stack) -> None:
    number = secrets.randbelow(10**6)
    assert browser.browser
    context = await browser.browser.new_context(base_url=stack.urls["admin"], locale="ru-RU", java_script_enabled=False)
    chief = await context.new_page()
    await enter(chief, "manager@buhbot.test")
    link = await invited(chief, f"plain{number}@buhbot.test", f"Без Скриптов {number}")
    other = await browser.browser.new_context(locale="ru-RU", java_script_enabled=False)
    newcomer = await other.new_page()
    await newcomer.goto(link)
    await newcomer.get_by_label("Новый пароль").fill(PASSWORD)
    await newcomer.get_by_label("Ещё раз").fill(PASSWORD)
    await newcomer.get_by_role("button", name="Присоединиться").click()
    await newcomer.wait_for_url("**/")
