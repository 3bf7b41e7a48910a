"""What pages weigh, and when their largest part is there, in a real Chromium on a slow processor."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, CDPSession, Page, StorageState

from admin.navigation import DESTINATIONS
from tests.bench.results import Measure, Target
from tests.browser import chromium
from tests.stack import Stack

EMAIL, PASSWORD = "admin@buhbot.test", "buhbot-demo-2026"
# As slow as a phone that is some years old.
SLOWDOWN = 4
TIMES = 3
LARGEST_PART = """() => new Promise((told) => {
  const seen = new PerformanceObserver((list) => told(list.getEntries().at(-1).startTime));
  seen.observe({ type: "largest-contentful-paint", buffered: true });
})"""


def measures(stack: Stack) -> list[Measure]:
    return asyncio.run(_measures(stack))


async def _measures(stack: Stack) -> list[Measure]:
    async with chromium() as browser:
        state = await _signed_in(browser, stack)
        first = [await _first_load(browser, stack, state) for _ in range(TIMES)]
        soft = await _soft_navigations(browser, stack, state)
    heaviest = max(soft, key=lambda path: soft[path])
    return [
        Measure("first load", statistics.median(size for size, _ in first), "kB", Target("value", "<=", 150)),
        Measure(f"soft navigation, heaviest {heaviest}", soft[heaviest], "kB", Target("value", "<=", 30)),
        Measure(
            f"largest part, processor {SLOWDOWN} × slower",
            statistics.median(seconds for _, seconds in first),
            "s",
            Target("value", "<=", 1.5),
        ),
    ]


async def _signed_in(browser: Browser, stack: Stack) -> StorageState:
    context = await browser.new_context(base_url=stack.urls["admin"], locale="ru-RU")
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_label("Почта").fill(EMAIL)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await page.wait_for_url(lambda url: "/login" not in url)
    return await context.storage_state()


class Scale:
    """Counts what comes over the wire: heads and bodies, as compressed as they are sent, without sockets."""

    def __init__(self, session: CDPSession) -> None:
        self._bytes = 0.0
        session.on("Network.loadingFinished", self._add)

    def _add(self, event: dict[str, float]) -> None:
        self._bytes += event["encodedDataLength"]

    def taken(self) -> float:
        """Return the kB since the last time."""
        kilobytes, self._bytes = self._bytes / 1000, 0.0
        return kilobytes


@asynccontextmanager
async def _weighed(
    browser: Browser, stack: Stack, state: StorageState
) -> AsyncIterator[tuple[Page, CDPSession, Scale]]:
    """Yield a page of a browser that has seen nothing yet."""
    context = await browser.new_context(
        base_url=stack.urls["admin"], storage_state=state, viewport={"width": 1440, "height": 900}
    )
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    yield page, session, Scale(session)
    await context.close()


async def _first_load(browser: Browser, stack: Stack, state: StorageState) -> tuple[float, float]:
    """Return kB of the first page with all it needs, and the seconds until its largest part was there."""
    async with _weighed(browser, stack, state) as (page, session, scale):
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        await page.goto(DESTINATIONS[0].path, wait_until="networkidle")
        return scale.taken(), await page.evaluate(LARGEST_PART) / 1000


async def _soft_navigations(browser: Browser, stack: Stack, state: StorageState) -> dict[str, float]:
    """Return kB of each page of the menu when one comes from another, as people do."""
    taken: dict[str, float] = {}
    async with _weighed(browser, stack, state) as (page, _, scale):
        await page.goto("/profile", wait_until="networkidle")
        for place in DESTINATIONS:
            scale.taken()
            await page.locator(f'nav.places a[href="{place.path}"]').click()
            await page.wait_for_url(f"**{place.path}")
            await page.wait_for_load_state("networkidle")
            # The load state is of the page that was opened first: this waits until nothing is under way.
            await page.wait_for_function("() => !document.querySelector('.htmx-request')")
            taken[place.path] = scale.taken()
    return taken
