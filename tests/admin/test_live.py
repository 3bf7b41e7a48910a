"""Open pages stay fresh, in a real browser (I18); what they hear is in test_sockets.py."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from admin.times import countdown
from tests.admin.entrance import let_in
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, free_port, hidden, running_admin

SOON = 2000  # ms: the promise is two seconds from commit to screen
SLOW = 15_000  # ms: reconnecting takes its time


async def signed_in(browser: BrowserContext, person: Colleague) -> Page:
    """Open `/requests` and wait until the page listens."""
    await let_in(browser, person)
    page = await browser.new_page()
    async with page.expect_websocket() as opening:
        await page.goto("/requests")
    socket = await opening.value
    await expect(page.get_by_role("heading", name="Ожидают ответа")).to_be_visible()
    await page.wait_for_function("() => document.documentElement.dataset.link === 'open'")
    assert not socket.is_closed()
    return page


async def test_a_question_appears_within_two_seconds(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    page = await signed_in(browser, owner)
    await expect(page.get_by_text("Никто не ждёт ответа")).to_be_visible()
    firm.ask(chat, "Где акт сверки?", 70)
    firm.hint()
    await expect(page.get_by_text("Где акт сверки?")).to_be_visible(timeout=SOON)
    await expect(page).to_have_title("(1) Ожидают ответа · BuhBot")
    await expect(page.locator("#spoken")).to_have_text("Просрочено: 1. Скоро срок: 0. Ждут: 0.")


async def test_a_hint_shows_nobody_what_is_not_theirs(browser: BrowserContext, firm: Firm) -> None:
    """I1 on the live way: the hint is the same for all, the rows are not."""
    mine, other = firm.hire("accountant"), firm.hire("accountant")
    chats = firm.connect_chat(mine), firm.connect_chat(other)
    page = await signed_in(browser, mine)
    for chat in chats:
        firm.ask(chat, f"Вопрос от {chat.name}")
    firm.hint()
    await expect(page.get_by_text(f"Вопрос от {chats[0].name}")).to_be_visible(timeout=SOON)
    assert chats[1].name not in await page.content()


async def test_the_countdown_counts_in_the_pages_words(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    firm.ask(chat, "Скоро срок?", 58)
    page = await signed_in(browser, owner)
    clock = page.locator("[data-left]")
    # In one look: a refresh may come between two.
    first, left = await clock.evaluate("clock => [clock.textContent, Number(clock.dataset.left)]")
    assert first in {countdown(left - passed) for passed in range(4)}
    await expect(clock).not_to_have_text(first, timeout=SOON)
    assert await clock.inner_text() in {countdown(left - passed) for passed in range(1, 8)}


async def test_a_deadline_passes_on_an_open_page(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    page = await signed_in(browser, owner)
    firm.ask(chat, "Ещё не поздно?", 60 - 5 / 60)
    firm.hint()
    await expect(page.locator(".request .badge")).to_have_text("Скоро срок", timeout=SOON)
    await expect(page.locator(".request .badge")).to_have_text("Просрочено", timeout=SLOW)
    await expect(page.locator("[data-left]")).to_contain_text("просрочено на")


async def test_reading_is_not_disturbed(browser: BrowserContext, firm: Firm) -> None:
    owner = firm.hire("accountant")
    for number in range(15):
        firm.ask(firm.connect_chat(owner), f"Вопрос {number}", number)
    page = await signed_in(browser, owner)
    await page.get_by_role("button", name="Выйти").focus()
    await page.evaluate("scrollTo(0, 400)")
    firm.ask(firm.connect_chat(owner), "Самый новый", 0)
    firm.hint()
    await expect(page.get_by_text("Самый новый")).to_be_attached(timeout=SOON)
    assert await page.evaluate("scrollY") == 400
    assert await page.evaluate("document.activeElement.textContent") == "Выйти"


async def test_an_ended_session_leads_to_the_sign_in(browser: BrowserContext, firm: Firm) -> None:
    """I18"""
    page = await signed_in(browser, firm.hire("accountant"))
    firm.forget_session(await session_of(browser))
    firm.hint()
    await expect(page.get_by_text("Сеанс закончился")).to_be_visible(timeout=SLOW)


async def test_a_dismissed_person_is_out_with_the_next_hint(browser: BrowserContext, firm: Firm) -> None:
    """I18"""
    person = firm.hire("accountant")
    page = await signed_in(browser, person)
    firm.dismiss(person)
    firm.hint()
    await expect(page.get_by_text("Ваш доступ отключён")).to_be_visible(timeout=SLOW)


async def test_a_lost_connection_is_shown_and_caught_up(
    browser: BrowserContext, environment: dict[str, str], firm: Firm, tmp_path: Path
) -> None:
    owner = firm.hire("accountant")
    chat = firm.connect_chat(owner)
    with restartable(environment, tmp_path / "log") as start:
        first = start()
        page = await signed_in_at(browser, first, owner)
        assert first.stop() == 0
        await expect(page.get_by_text("нет связи, обновляем…")).to_be_visible(timeout=SLOW)
        firm.ask(chat, "Пока вас не было", 1)
        start()
        await expect(page.get_by_text("Пока вас не было")).to_be_visible(timeout=SLOW)
        await expect(page.get_by_text("нет связи")).to_be_hidden()


async def session_of(browser: BrowserContext) -> str:
    [session_id] = [cookie["value"] for cookie in await browser.cookies() if cookie["name"] == "buhbot"]
    return session_id


async def signed_in_at(browser: BrowserContext, admin: Admin, person: Colleague) -> Page:
    await let_in(browser, person, admin.url)
    page = await browser.new_page()
    await page.goto(f"{admin.url}/requests")
    await page.wait_for_function("() => document.documentElement.dataset.link === 'open'")
    return page


@contextmanager
def restartable(environment: dict[str, str], log: Path) -> Iterator[Callable[[], Admin]]:
    """Give a function that starts an admin, each time at the same address."""
    port = free_port()
    with ExitStack() as running:
        yield lambda: running.enter_context(running_admin(environment, log, port=port))


async def test_whose_access_is_taken_away_is_out_at_once_and_told_why(
    admin: Admin, browser: BrowserContext, firm: Firm
) -> None:
    """I18, B7: without a click and without a hint."""
    person = firm.hire("accountant")
    page = await signed_in(browser, person)
    with Reader(admin) as chief:
        chief.as_person(firm.hire("admin"))
        token = hidden(chief.get("/requests"), "_csrf_token")
        taken = chief.post(f"/team/{person.id}/active", data={"active": "no", "_csrf_token": token})
        assert taken.headers["location"] == "/team"
    await expect(page.get_by_text("Ваш доступ отключён")).to_be_visible(timeout=SOON)
