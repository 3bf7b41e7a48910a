"""Open pages stay fresh: sockets by hand and pages in a real browser (I18)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import BrowserContext, Page, expect

from admin.live import ENDED, TURN_SECONDS
from admin.times import countdown
from tests.admin.firm import Colleague, Firm
from tests.admin.process import Admin, Reader, free_port, hidden, running_admin

SOON = 2000  # ms: the promise is two seconds from commit to screen
SLOW = 15_000  # ms: reconnecting takes its time


async def signed_in(browser: BrowserContext, person: Colleague) -> Page:
    """Open `/requests` by way of the sign-in form and wait until the page listens."""
    page = await browser.new_page()
    async with page.expect_websocket() as opening:
        await page.goto("/requests")
        await page.get_by_label("Почта").fill(person.email)
        await page.get_by_label("Пароль").fill(person.password)
        await page.get_by_role("button", name="Войти").click()
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
    page = await browser.new_page()
    await page.goto(f"{admin.url}/login?next=/requests")
    await page.get_by_label("Почта").fill(person.email)
    await page.get_by_label("Пароль").fill(person.password)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_function("() => document.documentElement.dataset.link === 'open'")
    return page


@contextmanager
def restartable(environment: dict[str, str], log: Path) -> Iterator[Callable[[], Admin]]:
    """Give a function that starts an admin, each time at the same address."""
    port = free_port()
    with ExitStack() as running:
        yield lambda: running.enter_context(running_admin(environment, log, port=port))


@pytest.fixture
def cookies(admin: Admin, firm: Firm) -> dict[str, str]:
    with Reader(admin) as reader:
        return dict(reader.as_person(firm.hire("accountant")).cookies)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", None])
async def test_a_foreign_page_cannot_listen(admin: Admin, cookies: dict[str, str], origin: str | None) -> None:
    """I18"""
    async with aiohttp.ClientSession(cookies=cookies) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{admin.url}/ws", origin=origin)
        assert refused.value.status == 403


async def test_nobody_listens_without_a_session(admin: Admin) -> None:
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{admin.url}/ws", origin=admin.url) as socket:
        assert (await socket.receive(timeout=2)).type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == ENDED


@asynccontextmanager
async def listening(admin: Admin, cookies: dict[str, str]) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession(cookies=cookies) as client,
        client.ws_connect(f"{admin.url}/ws", origin=admin.url) as socket,
    ):
        assert (await socket.receive(timeout=2)).data == "all"
        yield socket


async def test_a_hint_is_a_topic_and_nothing_else(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    async with listening(admin, cookies) as socket:
        firm.hint()
        assert (await socket.receive(timeout=2)).data == "requests"


async def test_a_burst_of_commits_is_few_looks(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    async with listening(admin, cookies) as socket:
        for _ in range(200):
            firm.hint()
        heard = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                while await socket.receive():
                    heard += 1
        assert 1 <= heard <= 5


async def test_many_pages_are_told_one_after_another_and_each_of_all_that_was_said(
    admin: Admin, cookies: dict[str, str], firm: Firm
) -> None:
    """Told at once, all would look at once, and whoever clicks would wait behind them."""
    pages = 100
    async with AsyncExitStack() as stays:
        sockets = [await stays.enter_async_context(listening(admin, cookies)) for _ in range(pages)]

        async def hear(socket: aiohttp.ClientWebSocketResponse, began: float) -> float:
            said = set[str]()
            while not said >= {"requests", "chats"}:
                said.add((await socket.receive(timeout=5)).data)
            return time.monotonic() - began

        async def hear_out(socket: aiohttp.ClientWebSocketResponse) -> None:
            """Whoever was told just now is told again after this at the earliest."""
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * pages * TURN_SECONDS):
                    while await socket.receive():
                        pass

        async def round_of_hints() -> tuple[float, float]:
            """Return when the last page has heard, and how far apart the middle half of them."""
            await asyncio.gather(*map(hear_out, sockets))
            began = time.monotonic()
            firm.hint()
            firm.hint("chats")
            heard = sorted(await asyncio.gather(*(hear(socket, began) for socket in sockets)))
            return heard[-1], heard[3 * pages // 4] - heard[pages // 4]

        rounds = [await round_of_hints() for _ in range(3)]
    # They come in the order of the dice, not in one breath; a busy machine may hold its breath, but not each time.
    lasts, spreads = zip(*rounds, strict=True)
    assert min(lasts) < 2
    assert max(spreads) > 0.25 * pages * TURN_SECONDS


async def test_the_socket_ends_with_its_session(admin: Admin, cookies: dict[str, str], firm: Firm) -> None:
    """I18"""
    async with listening(admin, cookies) as socket:
        firm.forget_session(cookies["buhbot"])
        firm.hint()
        while (message := await socket.receive(timeout=5)).type == aiohttp.WSMsgType.TEXT:
            assert message.data == "requests"
        assert socket.close_code == ENDED


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


async def test_signing_out_closes_the_socket_without_waiting_for_a_hint(
    admin: Admin, cookies: dict[str, str], firm: Firm
) -> None:
    """I18; somebody else's page stays open and hears nothing of it."""
    with Reader(admin) as reader:
        others = dict(reader.as_person(firm.hire("accountant")).cookies)
    async with listening(admin, cookies) as socket, listening(admin, others) as other:
        with Reader(admin) as reader:
            reader.cookies.update(cookies)
            await asyncio.to_thread(reader.sign_out)
        assert (await socket.receive(timeout=5)).type == aiohttp.WSMsgType.CLOSE
        assert socket.close_code == ENDED
        firm.hint()
        assert (await other.receive(timeout=5)).data == "requests"
