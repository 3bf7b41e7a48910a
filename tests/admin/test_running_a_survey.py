"""A quarter of feedback as a manager runs it: asked, answered, looked into, closed, read by those who may."""

import re
from uuid import UUID

from playwright.async_api import BrowserContext, Page, expect

from tests.admin.firm import Chat, Firm
from tests.admin.process import Admin, Reader, words
from tests.admin.surveys import begun, survey_called, voted
from tests.admin.test_live import signed_in

NAME = "Первый квартал 2022"


async def test_a_manager_runs_a_survey_from_draft_to_results(browser: BrowserContext, firm: Firm, admin: Admin) -> None:
    manager, olga = firm.hire("manager", "Пётр Спрашивающий"), firm.hire("accountant", "Ольга Хорошая")
    asked, other, spared = (firm.connect_chat(olga, f"ООО Опрос {word}") for word in ("А", "Б", "В"))
    firm.run("update public.chats set asked_for_ratings = false where chat_id = %s", spared.id)
    # Who stays silent: what everybody said is published of nobody.
    silent = "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, %s, 'Молчунья')"
    firm.run(silent, asked.id, 6999999998)
    page = await signed_in(browser, manager)
    survey = await asked_by(page, firm, asked, other, spared)

    voted(firm, survey, asked, "Анна", 5)
    voted(firm, survey, asked, "Борис Недовольный", 2, "Документы потеряли")
    voted(firm, survey, other, "Клара", 4)
    await page.get_by_role("link", name="Итоги опроса").click()
    await expect(page.locator(".figures").first).to_contain_text("3,67")
    await expect(page.locator(".figures").first).to_contain_text("66,7")
    await settled(page)

    await page.goto(f"/surveys/{survey}")
    await page.get_by_text("Завершить опрос").click()
    await page.get_by_role("button", name="Завершить", exact=True).click()
    await expect(page.get_by_text("Опрос завершён. Неотправленное отменено")).to_be_visible()
    await expect(page.locator(".facts")).to_contain_text("Завершён")
    with Reader(admin) as reader:
        told = words(reader.as_person(olga).get("/feedback", params={"survey": str(survey)}))
    assert "3,67" in told
    assert not [secret for secret in ("Борис", "Документы", "Нашли") if secret in told]


async def asked_by(page: Page, firm: Firm, asked: Chat, other: Chat, spared: Chat) -> UUID:
    """Make a survey of a quarter, look at who would get it, and have it sent."""
    await page.goto("/surveys/new?starts_on=2022-01-01&ends_on=2022-03-31")
    await expect(page.get_by_text("90 дней.")).to_be_visible()
    await page.get_by_label("Последний день").fill("2022-04-15")
    await expect(page.get_by_text("слишком долго")).to_be_visible()
    await page.get_by_label("Последний день").fill("2022-03-31")
    await page.get_by_label("Название").fill(NAME)
    await page.get_by_label("Выбранные чаты").check()
    for chat in (asked, other, spared):
        await page.get_by_label(chat.name).check()
    await page.get_by_role("button", name="Сохранить и посмотреть").click()
    await expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    await expect(page.locator(".figures")).to_contain_text("2 чата")
    await expect(page.locator(".figures")).to_contain_text("чат просил не спрашивать: 1")
    await page.get_by_role("button", name="Начать").click()
    await expect(page.get_by_text("Рассылка начинается")).to_be_visible()
    survey = survey_called(firm, NAME)
    begun(firm, survey, asked, other)
    await page.goto(f"/surveys/{survey}")
    await expect(page.get_by_text("Идёт голосование")).to_be_visible()
    await expect(page.locator(".figures").first).to_contain_text(re.compile(r"Доставлено\s*2"))
    return survey


async def settled(page: Page) -> None:
    """Look into the one who is not content."""
    await page.get_by_role("link", name="Низкие оценки", exact=True).click()
    case = page.locator(".card", has_text="Борис Недовольный")
    await expect(case).to_contain_text("Документы потеряли")
    await case.get_by_role("button", name="Разберусь я").click()
    await expect(case).to_contain_text("в работе: Пётр Спрашивающий")
    await case.get_by_label("Что выяснили").fill("Нашли и отправили")
    await case.get_by_label("Чем кончилось").select_option("mended")
    await case.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("Решено.")).to_be_visible()
    await expect(case).to_have_count(0)
