"""Pictures of pages, to be looked at."""

from playwright.async_api import Page

from tests.stack import Stack


async def picture(page: Page, stack: Stack, name: str) -> None:
    """Keep what is on the screen, narrow and wide, light and dark."""
    folder = stack.home / "pictures"
    for width in (390, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        for theme in ("light", "dark"):
            await page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
            await page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True, animations="disabled")
