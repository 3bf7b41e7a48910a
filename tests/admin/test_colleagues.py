"""A field for somebody of the firm: of a large one nobody is listed, and anybody is found by a word."""

import re
import secrets
from typing import Literal

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.admin.firm import Colleague, Firm
from tests.admin.process import Reader, words
from tests.admin.test_every_page import AXE
from tests.admin.test_live import signed_in

GROWN = """
  insert into public.users (id, email, role, full_name)
  select gen_random_uuid(), 'crowd' || n || '@buhbot.test', 'accountant', 'Ирина Толпа ' || n
  from generate_series(1, 60) as n
  on conflict do nothing
"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PLACES = [
    ("/requests", "owner"),
    ("/alerts", "person"),
    ("/reports", "person"),
    ("/reports/requests", "person"),
    ("/audit", "actor"),
]


@pytest.fixture
def crowd(firm: Firm) -> Firm:
    """A firm of more people than a list can hold."""
    firm.run(GROWN)
    return firm


@pytest.fixture
def sought(crowd: Firm) -> Colleague:
    return crowd.hire("accountant", f"Зоя Искомая {secrets.token_hex(4)}")


def choice(page: str, field: str) -> str:
    return page.partition(f'name="{field}"')[2].partition("</select>")[0]


@pytest.mark.parametrize(("path", "field"), PLACES)
def test_without_scripts_a_page_offers_whom_it_is_asked_to_find(
    reader: Reader, crowd: Firm, sought: Colleague, path: str, field: str
) -> None:
    reader.as_person(crowd.hire("admin"))
    assert "Ирина Толпа" not in choice(reader.get(path).text, field)
    found = reader.get(path, params={"find": sought.name.lower()})
    assert f'<option value="{sought.id}">{sought.name}</option>' in choice(found.text, field)
    assert "Нашлось: 1. Выберите в списке." in words(found)
    assert "Уточните имя" in words(reader.get(path, params={"find": "ирина толпа"}))
    nobody = reader.get(path, params={"find": "Нет Такого", field: str(sought.id)})
    assert "Никого с таким именем нет." in words(nobody)
    # Whoever is chosen stays, by name.
    assert f'<option value="{sought.id}" selected>{sought.name}</option>' in choice(nobody.text, field)


async def find(page: Page, field: str, colleague: Colleague) -> None:
    """Type a part of the name, as in `field`, and choose who comes."""
    await page.locator(f"#{field}-find").press_sequentially(colleague.name.split()[-1])
    await expect(page.locator(f"#{field}-told")).to_have_text("Нашлось: 1. Выберите в списке.")
    await page.locator(f"select[name={field}]").select_option(label=colleague.name)


async def test_the_list_is_narrowed_to_somebody_found_while_one_types(
    browser: BrowserContext, crowd: Firm, sought: Colleague
) -> None:
    chat = crowd.connect_chat(sought)
    crowd.ask(chat, "Видно только у Зои", 5)
    page = await signed_in(browser, crowd.hire("manager"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await find(page, "owner", sought)
    # Searching for somebody asks for no list yet.
    assert not [url for url in asked if "/requests" in url]
    await page.wait_for_url(f"**owner={sought.id}**")
    await expect(page.locator(".request")).to_have_count(1)
    await expect(page.locator(".chip")).to_have_text(f"Убрать: Отвечает: {sought.name} ×")
    await page.reload()
    await expect(page.locator("#owner")).to_have_value(str(sought.id))
    assert "find" not in page.url


async def test_requests_are_given_to_somebody_found_by_keyboard(
    browser: BrowserContext, crowd: Firm, sought: Colleague
) -> None:
    owner = crowd.hire("accountant")
    for number in range(2):
        crowd.ask(crowd.connect_chat(owner), f"Передайте Зое {number}", 5)
    page = await signed_in(browser, crowd.hire("manager"))
    await page.goto(f"/requests?owner={owner.id}")
    for box in await page.get_by_role("checkbox", name=re.compile("^Отметить")).all():
        await box.check()
    await page.get_by_role("button", name="Передать…").press("Enter")
    await page.locator("#assignee-find").focus()
    await page.keyboard.type(sought.name)
    # Who presses Enter looks for somebody, and gives nothing to anybody yet.
    await page.keyboard.press("Enter")
    await expect(page.locator("#assignee-told")).to_have_text("Нашлось: 1. Выберите в списке.")
    await expect(page.locator(".choose input:checked")).to_have_count(2)
    await page.get_by_label("Кому передать отмеченные").select_option(label=sought.name)
    await page.get_by_role("button", name="Передать", exact=True).press("Enter")
    await expect(page.get_by_text("Передано: 2.")).to_be_visible()


async def test_one_request_is_given_to_somebody_found_and_says_to_whom(
    browser: BrowserContext, crowd: Firm, sought: Colleague
) -> None:
    chat = crowd.connect_chat(crowd.hire("accountant"))
    crowd.ask(chat, "Кто за это возьмётся?", 5)
    page = await signed_in(browser, crowd.hire("manager"))
    await page.goto(f"/requests/{crowd.request_of(chat)}")
    await page.get_by_role("button", name="Передать…").click()
    await find(page, "assignee", sought)
    await page.get_by_role("button", name="Передать", exact=True).click()
    await expect(page.get_by_text("Передано: 1.")).to_be_visible()
    await expect(page.locator("#ledger")).to_contain_text(f"→ {sought.name}")
    await expect(page.locator("#assignee")).to_have_value(str(sought.id))


async def test_a_form_is_sent_with_somebody_found_while_one_types(
    browser: BrowserContext, crowd: Firm, sought: Colleague
) -> None:
    page = await signed_in(browser, crowd.hire("admin"))
    for path, field in PLACES[1:]:
        await page.goto(path)
        await find(page, field, sought)
        await page.get_by_role("button", name="Показать").first.click()
        await page.wait_for_url(f"**{field}={sought.id}**")
        await expect(page.locator(f"select[name={field}]")).to_have_value(str(sought.id))


async def test_the_search_is_accessible_and_within_a_phone(
    browser: BrowserContext, crowd: Firm, sought: Colleague
) -> None:
    crowd.ask(crowd.connect_chat(sought), "Кому это передать?", 5)
    page = await signed_in(browser, crowd.hire("admin"))
    standards = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    for width in (390, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.goto(f"/requests?owner={sought.id}&find={sought.name}")
        await page.get_by_role("checkbox", name=re.compile("^Отметить")).first.check()
        for dialog in (False, True):
            if dialog:
                await page.get_by_role("button", name="Передать…").click()
                await page.locator("#assignee-find").fill("ирина")
                await expect(page.locator("#assignee-told")).to_contain_text("Уточните имя")
            for theme in THEMES:
                await page.emulate_media(color_scheme=theme)
                await page.evaluate(AXE)
                found = await page.evaluate("(how) => axe.run(document, how)", standards)
                assert not [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
