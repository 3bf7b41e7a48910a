"""Exports: the same rows as CSV and as Excel, harmless to whoever opens them, and never whole in memory."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from admin.exports import Cell, Column, Sheet, as_csv, as_xlsx, harmless
from tests.admin.workbooks import XlsxCell, read_xlsx

MOSCOW = ZoneInfo("Europe/Moscow")
AT = datetime(2026, 4, 6, 7, 30, tzinfo=UTC)
DANGEROUS = ("=1+1", "+7 999", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1")
Row = tuple[Cell, ...]


def columns(*titles: str) -> list[Column]:
    return [Column(title, lambda row, place=place: row[place]) for place, title in enumerate(titles)]  # type: ignore[misc]


async def pages(*rows: Row) -> AsyncIterator[Sequence[Any]]:
    for row in rows:
        yield [row]


async def csv_of(*rows: Row, locale: str = "ru") -> str:
    sheet = Sheet("x", columns("Название", "Сколько", "Когда"), pages(*rows), MOSCOW)
    return b"".join([piece async for piece in as_csv(sheet, locale)]).decode()


async def xlsx_of(*rows: Row) -> list[list[XlsxCell | None]]:
    sheet = Sheet("x", columns("Название", "Сколько", "Когда"), pages(*rows), MOSCOW)
    return read_xlsx(b"".join([piece async for piece in as_xlsx(sheet, "И другие", most=2)]))


async def test_csv_opens_in_russian_excel() -> None:
    text = await csv_of(("ООО «Ромашка»; филиал", Decimal("79.2"), AT))
    assert text.startswith("\ufeffНазвание;Сколько;Когда\r\n")
    (_, row) = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";")
    assert row == ["ООО «Ромашка»; филиал", "79,2", "06.04.2026 10:30:00 +0300"]


async def test_csv_opens_in_english_excel() -> None:
    assert (await csv_of(("Camomile, Ltd", 1.5, None), locale="en")).endswith('"Camomile, Ltd",1.5,\r\n')


@pytest.mark.parametrize("text", DANGEROUS)
async def test_no_text_becomes_a_formula(text: str) -> None:
    csv_text = await csv_of((text, -2, None))
    (_, row) = csv.reader(io.StringIO(csv_text.removeprefix("\ufeff"), newline=""), delimiter=";")
    # A number may well begin with a minus.
    assert (row[0], row[1]) == (f"'{text}", "-2")
    assert harmless("ООО Ромашка") == "ООО Ромашка"
    cell = (await xlsx_of((text, -2, None)))[1][0]
    assert cell
    assert cell.kind == "text"
    assert cell.value.endswith(text.strip())


async def test_excel_gets_numbers_and_dates_of_the_firms_wall() -> None:
    (head, row) = await xlsx_of(("https://example.test", Decimal("79.2"), AT))
    assert [cell and cell.value for cell in head] == ["Название", "Сколько", "Когда"]
    link, share, at = row
    assert (link, share) == (XlsxCell("text", "https://example.test"), XlsxCell("number", "79.2"))
    assert at
    assert at.kind == "date"
    assert round(float(at.value) % 1 * 24 * 60) == 10 * 60 + 30


async def test_excel_says_when_it_has_no_more_room() -> None:
    whole = await xlsx_of(("Один", 1, None), ("Два", 2, None))
    assert [row[0] and row[0].value for row in whole] == ["Название", "Один", "Два"]
    cut = await xlsx_of(("Один", 1, None), ("Два", 2, None), ("Три", 3, None), ("Четыре", 4, None))
    assert [row[0] and row[0].value for row in cut] == ["Название", "Один", "Два", "И другие"]


async def test_an_empty_export_has_its_heading() -> None:
    assert (await csv_of()).count("\r\n") == 1
    assert len(await xlsx_of()) == 1


async def test_four_times_the_rows_need_no_more_memory() -> None:
    async def many(count: int) -> AsyncIterator[Sequence[Any]]:
        for _ in range(count):
            yield [("ООО Ромашка" * 5, 1, AT)] * 500

    async def peak(count: int) -> int:
        tracemalloc.reset_peak()
        titles = columns("Название", "Сколько", "Когда")
        sheets = [Sheet("x", titles, many(count), MOSCOW) for _ in range(2)]
        for pieces in (as_xlsx(sheets[0], ""), as_csv(sheets[1], "ru")):
            async for _ in pieces:
                pass
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        few, lots = await peak(4), await peak(16)
    finally:
        tracemalloc.stop()
    assert lots < few * 1.5
