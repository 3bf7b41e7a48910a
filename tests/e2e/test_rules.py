"""Rules are edited in a real browser, and what they rule follows: a deadline, and an alert that arrives."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from playwright.async_api import BrowserContext, Page, expect

from tests.e2e.test_tour import open_playground, sign_in
from tests.stack import Stack
from tests.world import ClientChat

_LATE, _EARLY = 21, 2


def daytime() -> ZoneInfo:
    """A zone in which it is not about midnight: the break of this test lies within one day."""
    moscow = ZoneInfo("Europe/Moscow")
    return moscow if _EARLY <= datetime.now(moscow).hour < _LATE else ZoneInfo("Asia/Vladivostok")


def open_all_day(stack: Stack, chat: ClientChat, zone: ZoneInfo) -> UUID:
    """A schedule of the chat's own: each day from midnight to midnight, holidays too."""
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as database:
        made = database.execute(
            "insert into public.working_schedules (name, timezone, follows_firm_calendar)"
            " values (%s, %s, false) returning id",
            [f"График {chat.title}", zone.key],
        ).fetchall()[0][0]
        database.execute(
            "insert into public.working_intervals (schedule_id, weekday, opens, closes)"
            " select %s, d, '00:00', '24:00' from generate_series(1, 7) as d",
            [made],
        )
        database.execute("update public.chats set schedule_id = %s where chat_id = %s", [made, chat.id])
    return UUID(str(made))


async def deadline(page: Page, chat: ClientChat) -> datetime:
    """When the list says that the chat is due."""
    found = await page.locator("li.request", has_text=chat.title).locator(".clock time").first.get_attribute("datetime")
    assert found
    return datetime.fromisoformat(found)


async def test_a_lunch_moves_the_deadline_that_the_list_shows(
    browser: BrowserContext, stack: Stack, chat: ClientChat
) -> None:
    zone = daytime()
    schedule = open_all_day(stack, chat, zone)
    await chat.ask("Где акт сверки?")
    page = await sign_in(browser, stack, "manager")
    await expect(page.locator("li.request", has_text=chat.title)).to_be_visible()
    due = await deadline(page, chat)

    # Forty minutes of lunch, ten minutes from now: well before the deadline.
    now = datetime.now(zone)
    lunch = [(now + timedelta(minutes=minutes)).strftime("%H:%M") for minutes in (10, 50)]
    await page.goto(f"{stack.urls['admin']}/schedules/{schedule}")
    today = page.locator(".week-day").nth(now.weekday()).locator("input[type=time]")
    for place, time in enumerate(["00:00", lunch[0], lunch[1], "00:00"]):
        await today.nth(place).fill(time)
    await page.locator("#week").get_by_role("button", name="Показать, что изменится").last.click()
    await expect(page.locator(".foretold")).to_contain_text("Сдвинет 1 срок.")
    await expect(page.locator(".foretold")).to_contain_text(chat.title)
    await page.get_by_role("button", name="Сохранить график").click()
    await expect(page.locator(".toast")).to_contain_text("График сохранён. Сдвинет 1 срок.")

    await page.get_by_role("link", name="Ожидают ответа").click()
    await expect(page.locator("li.request", has_text=chat.title)).to_be_visible()
    assert await deadline(page, chat) - due == timedelta(minutes=40)


async def test_a_ladder_is_edited_and_a_test_alert_arrives(browser: BrowserContext, stack: Stack) -> None:
    playground = await open_playground(browser, stack)
    page = await sign_in(browser, stack, "admin")
    await page.get_by_role("link", name="Политики").click()
    await page.get_by_role("link", name="Новая политика").click()
    await page.get_by_label("Название").fill(f"Для важных {secrets.token_hex(3)}")
    await page.get_by_role("button", name="Добавить ступень").click()
    await expect(page.get_by_label("Ступень 3: рабочих минут после срока")).to_have_value("90")
    await page.get_by_role("button", name="Ступень 1: убрать").click()
    await expect(page.get_by_label("Ступень 3: рабочих минут после срока")).to_have_count(0)
    await page.get_by_role("group", name="Ступень 1: кому").get_by_role("combobox").select_option(label="Пётр Волков")
    await page.get_by_role("button", name="Создать политику").last.click()
    await expect(page.locator(".toast")).to_contain_text("Политика создана.")
    await expect(page.get_by_role("checkbox", name="Пётр Волков")).to_be_checked()

    await page.get_by_role("link", name="Политики").first.click()
    await page.get_by_role("button", name="Отправить тестовое оповещение").click()
    await expect(page.locator(".test-alerts")).to_contain_text("Ирина Соколова")
    await expect(page.locator(".test-alerts li").first).to_contain_text("доставлено")
    await playground.get_by_role("button", name="Ирина Соколова").click()
    await expect(playground.locator("article").last).to_contain_text("Это тестовое оповещение")
