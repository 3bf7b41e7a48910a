"""`/settings`, `/audit`, `/errors`, `/system` and `/help`: what an admin finds there, and nobody else."""

import csv
import io
import json
import re
import secrets
from datetime import UTC, datetime
from functools import partial
from html import unescape
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import BrowserContext, expect

from admin.navigation import DESTINATIONS
from infra.local.waiting import until
from tests.admin.entrance import opened
from tests.admin.firm import Firm, Role
from tests.admin.process import Admin, Reader, hidden, words

PAGES = ("/settings", "/audit", "/errors", "/system")


def settings_form(page: httpx.Response, **changes: str) -> dict[str, str]:
    """Return the form as it stands, with some fields changed."""
    names = ("firm_name", "silent_after_days", "retention_years")
    values = {name: re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text) for name in names}
    chosen = {
        name: re.search(rf'name="{name}".*?<option value="([^"]*)" selected', page.text, re.DOTALL)
        for name in ("default_schedule_id", "default_policy_id")
    }
    fields = {name: unescape(found[1]) for name, found in {**values, **chosen}.items() if found}
    return {"_csrf_token": hidden(page, "_csrf_token"), "head_id": "", "off_hours_reply": "true", **fields, **changes}


@pytest.mark.parametrize("role", ["manager", "accountant", "observer"])
def test_the_machine_room_is_the_admins(reader: Reader, firm: Firm, role: Role) -> None:
    reader.as_person(firm.hire(role))
    for path in PAGES:
        page = reader.get(path)
        assert page.status_code == 403, path
        assert "Недостаточно прав" in words(page)
    form = {"_csrf_token": hidden(reader.get("/profile"), "_csrf_token")}
    assert reader.post("/audit/export", data=form).status_code == 403


def test_a_setting_is_changed_or_says_beside_itself_why_not(reader: Reader, firm: Firm) -> None:
    page = reader.as_person(firm.hire("admin", "Ада Настройщица")).get("/settings")
    before = settings_form(page)["firm_name"]
    refused = reader.post("/settings", data=settings_form(page, silent_after_days="0", firm_name="Первая & Ко"))
    assert refused.status_code == 422
    assert "Укажите от 1 до 365 дней" in words(refused)
    assert 'value="Первая &amp; Ко"' in refused.text
    assert reader.post("/settings", data=settings_form(page, default_policy_id="x")).status_code == 422
    name = f"Бухгалтерия {secrets.token_hex(3)}"
    try:
        kept = reader.post("/settings", data=settings_form(page, firm_name=name), follow_redirects=True)
        assert "Настройки сохранены" in words(kept)
        assert f'value="{name}"' in kept.text
        assert "Изменено: Ада Настройщица" in words(kept)
        entry = words(reader.get("/audit", params={"entity": "settings", "action": "update"}))
        assert f"название фирмы {before} → {name}" in entry
        assert "Ада Настройщица" in entry
    finally:
        reader.post("/settings", data=settings_form(page, firm_name=before))


def test_the_audit_is_taken_along_as_it_is_shown(reader: Reader, firm: Firm) -> None:
    ada, title = firm.hire("admin"), f"=Шаблон {secrets.token_hex(3)}"
    form = {"_csrf_token": hidden(reader.as_person(ada).get("/audit"), "_csrf_token")}
    for body in ("Один", "Два"):
        template = {"category": "Акты", "title": f"{title} {body}", "content": body}
        assert reader.post("/templates/new", data={**form, **template}).status_code == 303
    asked = {"actor": str(ada.id), "entity": "templates"}
    answer = reader.post("/audit/export", params=asked, data=form)
    assert answer.text.startswith("\ufeff№;Когда (Europe/Moscow);Кто;")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    shown = re.findall(r"№ (\d+) · (?:печать|ещё)", words(reader.get("/audit", params=asked)))
    assert [row["№"] for row in rows] == shown != []
    assert [(row["Название"], row["Действие"], row["Что"]) for row in rows] == [
        (f"'{title} Два", "создание", "шаблон"),
        (f"'{title} Один", "создание", "шаблон"),
    ]
    assert "название: =Шаблон" in rows[0]["Что изменилось"]
    assert "выгрузка данных: журнал" in words(reader.get("/audit", params={"actor": str(ada.id), "action": "export"}))
    petr = firm.hire("manager")
    reader.sign_out()
    form = {"_csrf_token": hidden(reader.as_person(petr).get("/templates"), "_csrf_token")}
    assert reader.post("/audit/export", data=form).status_code == 403


def told(firm: Firm, reference: str, fingerprint: str) -> None:
    """Let a process tell of an error, as the jobs carry it into the database."""
    now = datetime.now(UTC).isoformat()
    entry = {
        "id": str(uuid4()),
        "at": now,
        "component": "bot",
        "event": "handler_failed",
        "fingerprint": fingerprint,
        "place": "ValueError, bot/handlers/start.py in greet",
        "trace": "Traceback",
        "amount": 3,
        "references": [{"reference": reference, "at": now, "detail": {"update_id": 7}}],
    }
    firm.run("select api.note_errors(%s::jsonb)", json.dumps([entry]))


def test_the_number_that_a_person_was_told_leads_to_the_error(reader: Reader, firm: Firm) -> None:
    reference, fingerprint = secrets.token_hex(3).upper(), secrets.token_hex(16)
    told(firm, reference, fingerprint)
    page = reader.as_person(firm.hire("admin")).get("/errors", params={"reference": reference.lower()})
    assert "handler_failed" in words(page)
    assert "3 раза" in words(page)
    assert "bot/handlers/start.py in greet" in words(page)
    fields = {"_csrf_token": hidden(page, "_csrf_token")}
    done = reader.post(f"/errors/{fingerprint}/resolve", data=fields, follow_redirects=True)
    assert "Отмечено как решённое" in words(done)
    assert reference in reader.get("/errors?state=resolved").text
    assert "Такого номера нет" in words(reader.get("/errors?reference=FFFFFFFFFF"))
    assert reader.post("/errors/nothing/resolve", data=fields).status_code == 404


def says(reader: Reader, sentence: str) -> bool:
    return sentence in words(reader.get("/system"))


def test_the_system_says_how_each_part_is(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("admin"))
    parts = ("Панель", "База данных и её API", "Вход", "Бот", "Вебхук Telegram", "Фоновые задания", "Redis кэша")
    for part in parts:
        assert until(partial(says, reader, f"{part} — работает"), 40), part
    assert "Языковая модель — не подключена" in words(reader.get("/system"))


def test_a_test_alert_needs_telegram_and_then_shows_its_fate(reader: Reader, firm: Firm) -> None:
    ada = firm.hire("admin")
    page = reader.as_person(ada).get("/system")
    fields = {"_csrf_token": hidden(page, "_csrf_token")}
    refused = reader.post("/system/test", data=fields)
    assert refused.status_code == 409
    assert "сначала привяжите свой Telegram" in words(refused)
    # Somebody who never pressed «Start»: Telegram takes nothing for them.
    firm.run("update public.users set telegram_id = %s where id = %s", secrets.randbelow(10**9) + 10**10, ada.id)
    queued = reader.post("/system/test", data=fields, follow_redirects=True)
    assert "Тестовое оповещение" in words(queued)
    assert until(lambda: "Тестовое оповещение не доставлено" in words(reader.get(str(queued.url))), 20)
    firm.run("update public.users set telegram_id = null where id = %s", ada.id)


def test_a_message_that_was_given_up_is_sent_again(reader: Reader, firm: Firm) -> None:
    ada = firm.hire("admin", "Ада Недостижимая")
    firm.run("update public.users set telegram_id = %s where id = %s", secrets.randbelow(10**9) + 10**10, ada.id)
    firm.run(
        "insert into public.outbox (kind, recipient_chat_id, subject_id, payload, status, last_error)"
        " select 'chat_notice', telegram_id, gen_random_uuid(), '{\"event\": \"test_alert\"}', 'failed', 'Forbidden'"
        " from public.users where id = %s",
        ada.id,
    )
    page = reader.as_person(ada).get("/system")
    assert "уведомление — Ада Недостижимая" in words(page)
    action = re.findall(
        r'action="(/system/messages/[^"]+)"', page.text.partition("Ада Недостижимая</p>")[2] or page.text
    )
    fields = {"_csrf_token": hidden(page, "_csrf_token")}
    assert "Сообщение снова в очереди" in words(reader.post(action[0], data=fields, follow_redirects=True))
    assert reader.post(f"/system/messages/{uuid4()}/resend", data=fields).status_code == 409


@pytest.mark.parametrize("role", ["admin", "manager", "accountant", "observer"])
def test_every_link_of_the_help_leads_somewhere(reader: Reader, firm: Firm, role: Role) -> None:
    page = reader.as_person(firm.hire(role)).get("/help")
    main = page.text.partition('<main id="main"')[2]
    links = set(re.findall(r'href="(/[^"]*)"', main))
    assert links
    for link in links:
        assert reader.get(link).status_code == 200, link
    anchors = set(re.findall(r'href="#([^"]*)"', main))
    assert all(f'id="{anchor}"' in main for anchor in anchors)


async def test_an_admin_walks_through_the_machine_room(admin: Admin, firm: Firm, browser: BrowserContext) -> None:
    ada = firm.hire("admin", "Ада Обходчица")
    page = await opened(browser, ada, "/help")
    await expect(page.get_by_role("heading", level=1, name="Помощь")).to_be_visible()
    menu = page.get_by_role("navigation", name="Разделы")
    for place in DESTINATIONS:
        if place.path in {"/alerts", "/templates", "/faq", *PAGES}:
            await menu.get_by_role("link", name=place.title, exact=True).click()
            await expect(page.get_by_role("heading", level=1, name=place.title)).to_be_visible()
    await menu.get_by_role("link", name="Шаблоны", exact=True).click()
    await page.get_by_role("link", name="Новый шаблон").click()
    await expect(page.get_by_role("heading", level=1, name="Новый шаблон")).to_be_visible()
    title = f"Счёт {secrets.token_hex(4)}"
    await page.get_by_label("Категория").fill("Счета")
    await page.get_by_label("Название").fill(title)
    await page.get_by_label("Текст").fill("Добрый день, {{client}}")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("alert")).to_contain_text("незнакомая переменная")
    await page.get_by_label("Текст").fill("Добрый день, {{client_name}}")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("Шаблон сохранён.")).to_be_visible()
    await expect(page.get_by_role("link", name=title)).to_be_visible()
    await menu.get_by_role("link", name="Журнал", exact=True).click()
    await page.locator("select[name=entity]").select_option("templates")
    await page.get_by_role("button", name="Показать").click()
    await expect(page.get_by_text(f"создание: шаблон «{title}»")).to_be_visible()
