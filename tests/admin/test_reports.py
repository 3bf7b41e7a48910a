"""`/reports` and its exports: every number is the database's, opens its rows, and is the same wherever it is read."""

import csv
import io
import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import BrowserContext, expect

from tests.admin.entrance import opened
from tests.admin.firm import Chat, Colleague, Firm
from tests.admin.process import Admin, Reader, words
from tests.admin.workbooks import read_xlsx

MOSCOW = ZoneInfo("Europe/Moscow")
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def owner(firm: Firm) -> Colleague:
    return firm.hire("accountant", "Ольга Отчётная")


@pytest.fixture(scope="module")
def chat(firm: Firm, owner: Colleague) -> Chat:
    """A chat in which everything happened on one day: two answers in time, one late, one missing, one question."""
    made = firm.connect_chat(owner, f"{FORMULA} {secrets.randbelow(10**6)}")
    # The evening of yesterday: whatever hour it is, midnight lies between none of them.
    now = datetime.now(MOSCOW)
    end = (now - now.replace(hour=0, minute=0, second=0)).total_seconds() / 60 + 200
    firm.ask(made, "Где акт?", end + 200)
    firm.answer(made, owner, "Вот акт", end + 190)
    firm.ask(made, "А счёт?", end + 180)
    firm.answer(made, owner, "Вот счёт", end + 150)
    firm.ask(made, "А сверка?", end + 140)
    firm.answer(made, owner, "Вот сверка", end + 50)
    firm.ask(made, "Когда отпустят?", end)
    return made


@pytest.fixture(scope="module")
def head(firm: Firm) -> Colleague:
    return firm.hire("manager", "Пётр Главный")


@pytest.fixture(scope="module")
def signed_in(admin: Admin, head: Colleague, chat: Chat) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield made.as_person(head)


def export(reader: Reader, what: str, form: str, **more: str | int) -> bytes:
    answer = reader.get("/reports/export", params={"what": what, "format": form, **more})
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return answer.content


def table(content: bytes) -> list[list[str]]:
    text = content.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def plain(number: object) -> str:
    """A number as it is written in Russian, without zeros that say nothing."""
    return f"{Decimal(str(number).replace(',', '.')).normalize():f}".replace(".", ",")


def big_numbers(page: str) -> list[str]:
    """The figures of the first block of a page, as a person reads them."""
    block = page.partition('class="figures"')[2].partition("</dl>")[0]
    return [
        " ".join(re.sub(r"<[^>]+>", "", unescape(dd)).split()) for dd in re.findall(r"<dd.*?</dd>", block, re.DOTALL)
    ]


def test_p15_page_csv_excel_and_database_say_the_same(signed_in: Reader, chat: Chat, firm: Firm) -> None:
    """The test of every number: read in four places."""
    found = firm.row(
        "select n, met, met_late, overdue, excused, waiting,"
        " met_percent, p50_minutes, p90_minutes, p50_calendar_minutes, p90_calendar_minutes"
        " from api.sla_report(now() - interval '30 days', now() + interval '1 day', chat => %s)",
        chat.id,
    )
    assert found
    assert found[:4] == (4, 2, 1, 1)
    n, met, met_late, overdue, excused, waiting, *shares = found
    percent, p50, p90, p50_calendar, p90_calendar = (plain(share) for share in shares)

    numbers = big_numbers(signed_in.get("/reports", params={"chat": chat.id}).text)
    assert numbers[:3] == [f"{percent} %", f"из {n}", str(met_late + overdue)]
    assert numbers[3:6] == [f"поздно {met_late}, без ответа {overdue}", str(met + met_late), f"в срок {met}"]
    assert numbers[6:10] == [
        f"{p50} мин",
        f"по календарю {p50_calendar} мин",
        f"{p90} мин",
        f"по календарю {p90_calendar} мин",
    ]
    assert numbers[10:] == [f"ответ не нужен {excused}", "не измеряется 0", f"ещё ждут {waiting}"]

    row = [str(n), str(met), str(met_late), str(overdue), percent, p50, p90, p50_calendar, p90_calendar]
    for what in ("firm", "chat", "day"):
        lines = table(export(signed_in, what, "csv", chat=chat.id))
        assert [[plain(cell) for cell in line[1:10]] for line in lines[1:]] == [row]
        sheet = read_xlsx(export(signed_in, what, "xlsx", chat=chat.id))
        cells = [cell and plain(cell.value) for cell in sheet[1][1:10]]
        assert {cell and cell.kind for cell in sheet[1][1:10]} == {"number"}
        assert cells == row


def test_i12_every_number_opens_as_many_rows(signed_in: Reader, chat: Chat) -> None:
    page = signed_in.get("/reports", params={"chat": chat.id}).text
    links = re.findall(r'<a href="(/reports/requests\?[^"]*)">(\d+)</a>', page)
    assert len(links) > 8
    for address, amount in dict(links).items():
        listed = signed_in.get(unescape(address)).text
        assert len(re.findall(r'<th scope="row"><a href="/requests/', listed)) == int(amount), address


def test_rows_are_exported_as_they_are_listed(signed_in: Reader, chat: Chat) -> None:
    rows = table(export(signed_in, "rows", "csv", chat=chat.id))
    outcomes = [row[5] for row in rows[1:]]
    assert outcomes == ["Просрочено", "Отвечено с опозданием", "Отвечено в срок", "Отвечено в срок"]
    # Harmless in a spreadsheet, and whole.
    assert {row[1] for row in rows[1:]} == {f"'{chat.name}"}
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d \+0300", rows[1][0])
    sheet = read_xlsx(export(signed_in, "rows", "xlsx", chat=chat.id))
    kinds = {cell.kind for cell in sheet[2] if cell}
    assert kinds == {"text", "number", "date"}
    assert [row[1] and row[1].value for row in sheet[1:]] == [chat.name] * 4
    only = table(export(signed_in, "rows", "csv", chat=chat.id, kind="breaches"))
    assert [row[5] for row in only[1:]] == ["Просрочено", "Отвечено с опозданием"]


def test_i6_both_days_of_a_period_are_in_it(signed_in: Reader, chat: Chat, firm: Firm) -> None:
    days = firm.row(
        "select min(timezone('Europe/Moscow', decides_at)::date), max(timezone('Europe/Moscow', decides_at)::date)"
        " from public.client_requests where chat_id = %s",
        chat.id,
    )
    assert days
    page = signed_in.get("/reports", params={"chat": chat.id, "from": str(days[0]), "to": str(days[1])})
    assert big_numbers(page.text)[1] == "из 4"
    for beside in (days[0] - timedelta(days=1), days[1] + timedelta(days=1)):
        page = signed_in.get("/reports", params={"chat": chat.id, "from": str(beside), "to": str(beside)})
        assert big_numbers(page.text)[1] == "из 0", beside
    before = signed_in.get("/reports", params={"chat": chat.id, "from": "2020-01-01", "to": "2020-01-02"})
    assert "ничего не решено" in words(before)


def test_i1_whoever_may_not_see_a_chat_counts_and_exports_nothing_of_it(admin: Admin, chat: Chat, firm: Firm) -> None:
    with Reader(admin) as other:
        other.as_person(firm.hire("accountant"))
        assert big_numbers(other.get("/reports", params={"chat": chat.id}).text)[1] == "из 0"
        assert len(table(export(other, "rows", "csv", chat=chat.id))) == 1
        assert chat.name not in other.get("/reports", params={"chat": chat.id}).text
        # Told as anybody is told of a chat that does not exist.
        for unknown in (chat.id, 1):
            assert f"Чат: {unknown}" in words(other.get("/reports", params={"chat": unknown}))


def test_an_observer_reads_figures_and_no_text(admin: Admin, chat: Chat, firm: Firm) -> None:
    with Reader(admin) as auditor:
        auditor.as_person(firm.hire("observer"))
        assert big_numbers(auditor.get("/reports", params={"chat": chat.id}).text)[1] == "из 4"
        assert "Где акт?" not in export(auditor, "rows", "csv", chat=chat.id).decode()


@pytest.mark.parametrize(
    "query",
    [
        "?from=x&to=2026-99-99&chat=abc&person=1&by=phase&trend=hour&period=ever&tier=gold&all=1",
        f"?chat={10**30}&from=0001-01-01&to=9999-12-31",
        "?from=2026-05-02&to=2026-05-01",
    ],
)
def test_an_address_that_makes_no_sense_is_still_a_report(signed_in: Reader, query: str) -> None:
    assert "Ответили в срок" in words(signed_in.get(f"/reports{query}"))
    assert signed_in.get(f"/reports/requests{query}&after=eyJ4&kind=x&hour=9-99").status_code == 200


def test_an_export_that_does_not_exist_is_not_found(signed_in: Reader) -> None:
    for query in ("what=rows&format=pdf", "what=phase&format=csv", ""):
        assert signed_in.get(f"/reports/export?{query}").status_code == 404


def test_the_report_speaks_english(admin: Admin, firm: Firm, chat: Chat) -> None:
    person = firm.hire("manager")
    firm.run("update public.users set locale = 'en' where id = %s", person.id)
    with Reader(admin) as reader:
        reader.as_person(person)
        assert "Answered in time" in words(reader.get("/reports"))
        head = export(reader, "chat", "csv", chat=chat.id).decode().splitlines()[0]
        assert head.startswith("\ufeffChat,Decided,In time,")


async def test_the_head_comes_to_a_breach_in_three_clicks_and_takes_the_figures_along(
    browser: BrowserContext, head: Colleague, chat: Chat
) -> None:
    page = await opened(browser, head, "/")
    await expect(page.get_by_role("heading", name="Сегодня", exact=True)).to_be_visible()
    # One, two, three.
    await page.get_by_role("link", name="Все итоги").click()
    # The page before has figures of its own, of today alone.
    await expect(page.get_by_role("heading", level=1, name="Итоги")).to_be_visible()
    await page.locator("dl.figures a[href*='kind=breaches']").click()
    await expect(page.get_by_role("heading", name="Обращения за период")).to_be_visible()
    await page.locator("main tbody a[href^='/requests/']").first.click()
    await expect(page).to_have_url(re.compile(r"/requests/[0-9a-f-]{36}"))

    await page.goto(f"/reports?chat={chat.id}")
    async with page.expect_download() as loading:
        await page.get_by_role("link", name="Excel").first.click()
    saved = await (await loading.value).path()
    assert len(read_xlsx(saved.read_bytes())) > 1
    # What comes with the page later, and what paper needs.
    await expect(page.get_by_text("Сообщений клиентов")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.locator("form.filters")).to_be_hidden()
    await expect(page.locator("nav.places")).to_be_hidden()
    await expect(page.locator("dl.figures")).to_be_visible()
    assert (await page.pdf()).startswith(b"%PDF")
