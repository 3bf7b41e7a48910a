"""Header and menu on a phone, a tablet and a desk: all of it fits, and one finds oneself."""

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.admin.entrance import opened
from tests.admin.firm import Firm

LONG = "Константинопольская-Заволжская Александра Владиславовна"
PHONE, TABLET, DESK = 390, 768, 1440


@pytest.fixture
async def page(browser: BrowserContext, firm: Firm) -> Page:
    """The list, as somebody with a long name and every destination sees it."""
    return await opened(browser, firm.hire("admin", LONG))


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
async def test_nothing_wraps_and_nothing_sticks_out(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    header = await page.locator("header").bounding_box()
    assert header
    assert header["height"] <= 74


async def test_on_a_desk_the_menu_stands_beside_the_page(page: Page) -> None:
    await page.set_viewport_size({"width": DESK, "height": 800})
    menu, main = await page.locator(".places").bounding_box(), await page.locator("main").bounding_box()
    assert menu and main
    assert menu["x"] + menu["width"] <= main["x"]
    await expect(page.get_by_role("button", name="Меню")).to_be_hidden()


@pytest.mark.parametrize("width", [PHONE, TABLET])
async def test_on_a_phone_it_opens_for_a_thumb_and_escape_closes_it(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    menu = page.locator(".places")
    await expect(menu).to_be_hidden()
    await page.get_by_role("button", name="Меню").click()
    for link in await menu.get_by_role("link").all():
        box = await link.bounding_box()
        assert box and box["height"] >= 44
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()


async def test_ones_name_leads_to_the_profile_and_the_place_one_is_at_is_marked(page: Page) -> None:
    await page.set_viewport_size({"width": DESK, "height": 800})
    header, menu = page.locator("header"), page.locator(".places")
    await expect(menu.locator("[aria-current]")).to_have_text("Ожидают ответа")
    await header.get_by_role("link", name="Профиль").click()
    await page.wait_for_url("**/profile")
    await expect(header.locator("[aria-current]")).to_contain_text(LONG)
    await page.goto("/team/invitations/list")
    await expect(menu.locator("[aria-current]")).to_have_text("Команда")
