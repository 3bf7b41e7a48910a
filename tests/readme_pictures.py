"""The four pictures of the README: `make demo`, and while its day is fresh, `python -m tests.readme_pictures`."""

import asyncio
import base64
import os
from typing import Literal, NamedTuple

from playwright.async_api import Browser, Page

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


async def main() -> None:
    """Take them all."""
    async with chromium() as browser:
        for shot in SHOTS:
            png = await _taken(browser, Stack(OFFSET).env["ADMIN_URL"], shot)
            page = await browser.new_page()
            webp = await page.evaluate(ENCODE, base64.b64encode(png).decode())
            (ROOT / "docs" / f"{shot.name}.webp").write_bytes(base64.b64decode(webp))


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
