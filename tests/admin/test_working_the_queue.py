"""The list of requests as people work it: a manager by keyboard, an accountant on her phone."""

import re

from playwright.async_api import BrowserContext, Page, Route, expect

from tests.admin.firm import Colleague, Firm
from tests.admin.test_live import SOON, signed_in

CHOSEN = ".choose input:checked"
# The list, whatever it is narrowed to.
LIST = re.compile(r"/requests(\?|$)")
HOME = re.compile(r":\d+/$")


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_a_manager_works_forty_alerts_by_keyboard(browser: BrowserContext, firm: Firm) -> None:
    manager, owner = firm.hire("manager"), firm.hire("accountant", "Ольга Загруженная")
    chats = [firm.connect_chat(owner, f"Завал {number:02}") for number in range(40)]
    for number, chat in enumerate(chats):
        firm.ask(chat, f"Вопрос {number}", 120 - number)
    page = await signed_in(browser, manager)
    await narrowed(page, owner)
    await expect(page.locator(".request")).to_have_count(40)
    await press(page, "j", "j", "k", "x", "j", "x")
    await expect(page.locator(CHOSEN)).to_have_count(2)
    await expect(page.locator(".chosen")).to_have_text("Выбрано: 2")
    # A refresh from outside keeps what is chosen, where one stands, and the filters.
    firm.ask(firm.connect_chat(owner, "Завал 40"), "Ещё вопрос", 30)
    firm.hint()
    await expect(page.locator(".request")).to_have_count(41)
    await expect(page.locator(CHOSEN)).to_have_count(2)
    await about_to_hand_over(page, firm, owner)
    await press(page, "a")
    await expect(page.get_by_text("Взято в работу: 2.")).to_be_visible()
    await expect(page.locator(".owner", has_text="взято в работу")).to_have_count(2)
    # Without a choice a key means the row one stands on.
    await press(page, "j", "e")
    await expect(page.get_by_text("Отмечено «ответ не нужен»: 1.")).to_be_visible()
    await expect(page.locator(".request")).to_have_count(41)
    await page.get_by_label("Выбрать все на странице").check()
    await expect(page.locator(CHOSEN)).to_have_count(41)
    await press(page, "e")
    await expect(page.get_by_text("Отмечено «ответ не нужен»: 41.")).to_be_visible()
    await expect(page.get_by_text("Ничего не подходит")).to_be_visible()
    await press(page, "?")
    await expect(page.locator("#keys")).to_contain_text("Искать в списке")


async def about_to_hand_over(page: Page, firm: Firm, owner: Colleague) -> None:
    """Whoever chooses is not disturbed, and afterwards sees what was missed."""
    await page.get_by_role("button", name="Передать…").click()
    await page.get_by_label("Кому передать отмеченные").select_option("chat")
    firm.ask(firm.connect_chat(owner, "Завал 41"), "И ещё один", 29)
    async with page.expect_request_finished(lambda asked: "x-by-itself" in asked.headers):
        firm.hint()
    await page.evaluate("new Promise(requestAnimationFrame)")
    await expect(page.get_by_label("Кому передать отмеченные")).to_have_value("chat")
    await expect(page.locator(".request")).to_have_count(41)
    await press(page, "Escape")
    await expect(page.locator(".request")).to_have_count(42)
    await expect(page.locator(CHOSEN)).to_have_count(2)


async def narrowed(page: Page, owner: Colleague) -> None:
    """Filter as one types: the address follows, and the field keeps the focus."""
    await press(page, "/")
    await page.keyboard.type("завал")
    await page.wait_for_url("**/requests?q=**")
    # Of many people those are offered who were looked for.
    search = page.get_by_label("Найти сотрудника").first
    if await search.is_visible():
        await search.fill(owner.name)
    await page.get_by_label("Отвечает").select_option(str(owner.id))
    await page.wait_for_url(f"**owner={owner.id}**")
    await expect(page.locator(".chip")).to_have_count(2)
    await page.locator("h1").click()


async def test_a_press_counts_while_the_list_is_being_asked_for(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    firm.ask(firm.connect_chat(owner), "Посмотрите, пожалуйста?", 5)
    page = await signed_in(browser, owner)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if "x-by-itself" in route.request.headers:
            held.append(route)
        else:
            await route.continue_()

    await page.route(LIST, hold)
    async with page.expect_request(LIST):
        firm.hint()
    await press(page, "j", "x", "a")
    await expect(page.get_by_text("Взято в работу: 1.")).to_be_visible()
    assert held


async def test_an_accountant_answers_from_her_phone(browser: BrowserContext, firm: Firm) -> None:
    olga = firm.hire("accountant", "Ольга С-Телефоном")
    chat = firm.connect_chat(olga)
    firm.ask(chat, "Где акт сверки?", 20)
    template = firm.add_template(f"Акт {chat.id}", "Акт для {{chat_title}} готов.")
    page = await signed_in(browser, olga)
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.get_by_role("link", name=chat.name).click()
    await page.get_by_label("Шаблон").select_option(str(template))
    await expect(page.get_by_label("Текст ответа")).to_have_value(f"Акт для {chat.name} готов.")
    await page.get_by_role("button", name="Отправить").click()
    await expect(page.get_by_text("Ответ отправляется.")).to_be_visible()
    await expect(page.locator(".reply strong")).to_be_visible()
    # Nobody reloads: what Telegram said is shown when it is said.
    await expect(page.locator(".reply strong")).to_have_text("не доставлено", timeout=30_000)
    await expect(page.get_by_role("button", name="Отправить ещё раз")).to_be_visible()
    # And no such look keeps a session from idling out.
    async with page.expect_request(lambda look: look.resource_type in {"xhr", "fetch"}) as looking:
        firm.hint()
    look = await looking.value
    assert "x-by-itself" in look.headers, f"{look.method} {look.url}"


async def test_a_failed_refresh_says_so_and_keeps_the_list(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    firm.ask(firm.connect_chat(owner), "Остаюсь на экране", 5)
    page = await signed_in(browser, owner)
    await page.route(LIST, lambda route: route.abort())
    firm.hint()
    said = page.get_by_text("Не удалось обновить: показано то, что было.")
    await expect(said).to_be_visible(timeout=SOON)
    await expect(page.get_by_text("Остаюсь на экране")).to_be_visible()
    await page.unroute(LIST)
    await page.get_by_role("button", name="Попробовать снова").click()
    await expect(said).to_be_hidden(timeout=SOON)
    # And so do all others.
    await page.get_by_role("link", name="Сегодня").click()
    await expect(page.locator("#today .figures")).to_be_visible()
    await page.route(HOME, lambda route: route.fulfill(status=503, body="<p>Не удалось загрузить</p>"))
    firm.hint()
    await expect(said).to_be_visible(timeout=SOON)
    await expect(page.locator("#today .figures")).to_be_visible()
    await page.unroute(HOME)
    firm.hint()
    await expect(said).to_be_hidden(timeout=SOON)
