"""The frame of every page: soft navigation, the palette, the keyboard, the language, what is said after a change."""

from uuid import uuid4

import httpx
from playwright.async_api import BrowserContext, Page, expect

from admin.toasts import LONGEST, go
from tests.admin.entrance import let_in, opened
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, hidden, words

ALIVE = "window.alive === true"


async def marked(browser: BrowserContext, person: Colleague) -> Page:
    page = await opened(browser, person)
    await page.evaluate("window.alive = true")
    return page


async def test_a_page_gives_way_to_the_next_without_a_flash(browser: BrowserContext, firm: Firm) -> None:
    """Links, the palette, «back» and even an error swap the page under a living document."""
    page = await marked(browser, firm.hire("manager", "Зоя Зорина"))
    await page.get_by_role("navigation").get_by_role("link", name="Команда").click()
    await expect(page.get_by_role("heading", level=1, name="Команда")).to_be_visible()
    await expect(page.locator("#main")).to_be_focused()
    assert await page.evaluate(ALIVE)

    await page.keyboard.press("Control+k")
    # Enter comes before the answer, and means what is typed.
    await page.keyboard.type("проф")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Профиль")).to_be_visible()
    await expect(page).to_have_url("/profile")
    await page.go_back()
    await expect(page.get_by_role("heading", level=1, name="Команда")).to_be_visible()

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Клавиши")).to_contain_text("Найти страницу, чат, клиента")
    await page.keyboard.press("Escape")
    await page.evaluate("document.getElementById('main').innerHTML = '<a href=\"/nowhere\">?</a>'")
    await page.evaluate("htmx.process(document.body)")
    await page.locator("a[href='/nowhere']").click()
    await expect(page.get_by_role("heading", name="Страница не найдена")).to_be_visible()
    # An address of nobody: the scripts go on without what only the pages of a person have.
    await page.keyboard.press("?")
    await page.evaluate("BuhBot.say('Слышно')")
    await expect(page.get_by_text("Слышно")).to_be_visible()
    assert await page.evaluate(ALIVE)


async def test_what_could_not_be_loaded_comes_by_itself(browser: BrowserContext, firm: Firm) -> None:
    await let_in(browser, firm.hire("manager"))
    page = await browser.new_page()
    await page.clock.install()
    await page.goto("/templates")
    await page.evaluate("document.getElementById('main').innerHTML = '<div data-failed>Не удалось загрузить</div>'")
    await page.clock.fast_forward(16_000)
    await expect(page.get_by_role("heading", level=1, name="Шаблоны")).to_be_visible()


def test_the_language_is_the_readers_own_and_before_that_the_browsers(admin: Admin, firm: Firm) -> None:
    with Reader(admin) as reader:
        assert "Sign in" in words(reader.get("/login", headers={"accept-language": "en-GB,ru;q=0.5"}))
        assert "Войти" in words(reader.get("/login", headers={"accept-language": "de"}))
        own = reader.as_person(firm.hire("manager"))
        token = hidden(own.get("/profile"), "_csrf_token")
        chosen = {"full_name": "Zoe", "locale": "en", "alerts_per_hour": "20", "_csrf_token": token}
        assert own.post("/profile", data=chosen).status_code == 303
        page = own.get("/palette")
        assert 'lang="en"' in page.text
        assert "Sign out" in words(page)
        assert "Page not found" in words(own.get("/nowhere"))


def test_what_was_done_is_said_once_and_as_text(reader: Reader, firm: Firm) -> None:
    told = go("/requests", "<b>Готово</b>" + "!" * LONGEST)
    [cookie] = told.cookies
    own = reader.as_person(firm.hire("manager"))
    own.cookies.set("toast", cookie.value or "")
    page = own.get("/palette")
    assert "&lt;b&gt;Готово&lt;/b&gt;!" in page.text
    assert forgets(page)
    # An error is a page too, with the menu to go on.
    error = own.get(f"/requests/{uuid4()}")
    assert (error.status_code, "Обращение не найдено" in words(error)) == (404, True)
    assert 'id="places"' in error.text
    assert forgets(error)


def forgets(page: httpx.Response) -> bool:
    [forgotten] = [cookie for cookie in page.headers.get_list("set-cookie") if cookie.startswith("toast=")]
    return "Max-Age=0" in forgotten


async def test_a_theme_is_kept(browser: BrowserContext) -> None:
    page = await browser.new_page()
    await page.goto("/login")
    await page.get_by_role("button", name="Тёмная тема").click()
    await page.reload()
    await expect(page.get_by_role("button", name="Тёмная тема")).to_have_attribute("aria-pressed", "true")
    background = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(15, 18, 23)"


async def test_the_next_page_marks_the_chosen_theme_too(browser: BrowserContext, firm: Firm) -> None:
    page = await marked(browser, firm.hire("manager"))
    await page.get_by_role("button", name="Тёмная тема").click()
    await page.get_by_role("navigation").get_by_role("link", name="Команда").click()
    await expect(page.get_by_role("heading", level=1, name="Команда")).to_be_visible()
    await expect(page.get_by_role("button", name="Тёмная тема")).to_have_attribute("aria-pressed", "true")
    assert await page.evaluate(ALIVE)
