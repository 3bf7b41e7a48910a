"""The pictures of the README: `make demo`, and while its day is fresh, `python -m tests.readme_pictures`."""

import asyncio
import base64
import os
from typing import Literal, NamedTuple

from playwright.async_api import Browser, Page, ViewportSize

from infra.local.demo.day import UNANSWERED
from tests.browser import chromium
from tests.stack import ROOT, Stack

PASSWORD = "buhbot-demo-2026"
OFFSET = int(os.environ.get("PORT_OFFSET", "0"))
ENCODE = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.9).split(",")[1];
}"""


class Shot(NamedTuple):
    """A picture: whose, of which page, from which link on it on, and how it looks."""

    name: str
    person: str
    path: str
    link: str | None = None
    size: tuple[int, int] = (1280, 800)
    theme: Literal["light", "dark"] = "light"


SHOTS = (
    Shot("requests", "manager", "/requests"),
    Shot("request", "manager", f"/requests?state=overdue&chat={UNANSWERED[0]}", "a[href^='/requests/']", theme="dark"),
    Shot("schedule", "manager", "/schedules", "tbody a"),
    Shot("phone", "accountant", "/requests", size=(390, 780)),
)
# Of the tour, where a phone of the playground stands beside the admin.
HALF = (860, 640)


async def main() -> None:
    """Take them all."""
    stack = Stack(OFFSET)
    async with chromium() as browser:
        page = await browser.new_page()
        for shot in SHOTS:
            png = await _taken(browser, stack.env["ADMIN_URL"], shot)
            webp = await page.evaluate(ENCODE, base64.b64encode(png).decode())
            (ROOT / "docs" / f"{shot.name}.webp").write_bytes(base64.b64decode(webp))

        told = await _told(browser, stack.env["TELEGRAM_API_URL"])
        shown = await _taken(browser, stack.env["ADMIN_URL"], Shot("tour", "manager", "/requests", size=HALF))
        both = "".join(f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}">' for png in (told, shown))
        await page.set_viewport_size({"width": 2 * HALF[0], "height": HALF[1]})
        await page.set_content(f'<body style="margin: 0; display: flex">{both}</body>')
        await page.screenshot(path=ROOT / ".github" / "tour.png")


async def _told(browser: Browser, url: str) -> bytes:
    """What the manager reads in the Telegram of the playground."""
    view: ViewportSize = {"width": HALF[0], "height": HALF[1]}
    page = await browser.new_page(viewport=view, locale="ru-RU", timezone_id="Europe/Moscow")
    await page.goto(url)
    await page.get_by_text("Пётр Волков").first.click()
    await page.get_by_text("Взял в работу").first.wait_for()
    return await page.screenshot(animations="disabled")


async def _taken(browser: Browser, url: str, shot: Shot) -> bytes:
    width, height = shot.size
    async with await browser.new_context(
        base_url=url,
        locale="ru-RU",
        timezone_id="Europe/Moscow",
        color_scheme=shot.theme,
        viewport={"width": width, "height": height},
    ) as context:
        page = await context.new_page()
        await _sign_in(page, f"{shot.person}@buhbot.test")
        await page.goto(shot.path)
        if shot.link:
            await page.locator(shot.link).first.click()
            await page.wait_for_load_state("networkidle")
        return await page.screenshot(animations="disabled")


async def _sign_in(page: Page, email: str) -> None:
    await page.goto("/login")
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("main button[type=submit]").click()
    await page.wait_for_url("**/")


if __name__ == "__main__":
    asyncio.run(main())
