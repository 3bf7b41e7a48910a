"""The header on a phone, a tablet and a desk: all of it fits, and one finds oneself."""

import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from tests.admin.firm import Firm

LONG = "Константинопольская-Заволжская Александра Владиславовна"


@pytest.fixture
async def page(browser: BrowserContext, firm: Firm) -> Page:
    """The list, as somebody with a long name and every destination sees it."""
    person = firm.hire("admin", LONG)
    opened = await browser.new_page()
    await opened.goto("/login")
    await opened.get_by_label("Почта").fill(person.email)
    await opened.get_by_label("Пароль").fill(person.password)
    await opened.get_by_role("button", name="Войти").click()
    await opened.wait_for_url("**/requests")
    return opened


async def tops(links: Locator) -> set[int]:
    return {round(box["y"]) for link in await links.all() if (box := await link.bounding_box())}


@pytest.mark.parametrize(("width", "rows"), [(390, 2), (768, 2), (1440, 1)])
async def test_nothing_wraps_and_nothing_sticks_out(page: Page, width: int, rows: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    assert len(await tops(page.locator(".places a"))) == 1
    header = await page.locator("header").bounding_box()
    assert header
    assert header["height"] <= 30 + 44 * rows


async def test_ones_name_leads_to_the_profile_and_the_place_one_is_at_is_marked(page: Page) -> None:
    header = page.locator("header")
    await expect(header.locator("[aria-current]")).to_have_text("Ожидают ответа")
    await header.get_by_role("link", name="Профиль").click()
    await page.wait_for_url("**/profile")
    await expect(header.locator("[aria-current]")).to_contain_text(LONG)
    await page.goto("/team/invitations/list")
    await expect(header.locator("[aria-current]")).to_have_text("Команда")
