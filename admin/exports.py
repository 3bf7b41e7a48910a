"""Tables to take along: the same rows as CSV or as Excel, page by page, so that a million rows need no more memory.

CSV is what Excel opens by a double click in the reader's language: UTF-8 with a byte order mark; in Russian semicolons
between cells and a comma within numbers, because Excel there takes a comma for the decimal sign and a dot for a date.
Excel gets real numbers and dates. In neither is a text ever a formula.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any, Literal, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import structlog
from litestar.response import Stream
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from infra.client_archive import BOM, FORMULA
from infra.supabase import Refused, Unavailable
from infra.words import N_, _, language

log = structlog.get_logger()

Kind = Literal["csv", "xlsx"]
Cell = str | int | float | Decimal | datetime | None

# Excel has two more: the first is the heading, the last is for saying that there were more.
MOST_ROWS = 1_048_574
MORE_ROWS = N_("Остальные строки не помещаются в таблицу Excel: они есть в выгрузке CSV.")
_PIECE_BYTES = 64 * 1024
_WIDTHS = (10, 48)
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Column(NamedTuple):
    """A heading, in the reader's language, and the cell that a row has under it."""

    title: str
    cell: Callable[[Any], Cell]


class Sheet(NamedTuple):
    """What is exported: `name` of the file, columns, pages of rows as they are read, and the zone of its times."""

    name: str
    columns: Sequence[Column]
    pages: AsyncIterator[Sequence[Any]]
    zone: ZoneInfo


def send(sheet: Sheet, kind: Kind) -> Stream:
    """Return the answer that is made while it is sent. Its handler must have `opt={"compressed": True}` for Excel."""
    # Asked now: while the answer is sent, nobody's language is set.
    pieces = as_xlsx(sheet, _(MORE_ROWS)) if kind == "xlsx" else as_csv(sheet, language())
    file = quote(f"{sheet.name}.{kind}", safe="")
    return Stream(
        _noted(pieces),
        media_type=_MEDIA[kind],
        headers={"content-disposition": f"attachment; filename=\"export.{kind}\"; filename*=UTF-8''{file}"},
    )


async def as_csv(sheet: Sheet, locale: str) -> AsyncIterator[bytes]:
    """Yield the file, one page of rows at a time."""
    separator, point = (";", ",") if locale == "ru" else (",", ".")
    yield (BOM + _lines([[column.title for column in sheet.columns]], separator)).encode()
    async for rows in sheet.pages:
        cells = ([_text(column.cell(row), sheet.zone, point) for column in sheet.columns] for row in rows)
        yield _lines(cells, separator).encode()


async def as_xlsx(sheet: Sheet, more: str, most: int = MOST_ROWS) -> AsyncIterator[bytes]:
    """Yield the file; it is put together on disk, since a ZIP begins only when its contents are known.

    Of more rows than `most` it holds the first, and `more` says so below them.
    """
    # The rows too wait on disk, and neither blocks the other pages meanwhile.
    with tempfile.TemporaryFile() as file:
        book = _Book(file, sheet)
        async for rows in sheet.pages:
            room = most - book.filled
            await asyncio.to_thread(book.add, rows[:room])
            if len(rows) > room:
                book.end_with(more)
                break
        await asyncio.to_thread(book.close)
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece


class _Book:
    """One worksheet that is written row by row."""

    def __init__(self, file: IO[bytes], sheet: Sheet) -> None:
        literal = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self._book = Workbook(file, {"constant_memory": True, "in_memory": False, **literal})
        self._page: Worksheet = self._book.add_worksheet()
        self._instant: Format = self._book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
        self._columns, self._zone, self.filled = sheet.columns, sheet.zone, 0
        self._head()

    def _head(self) -> None:
        bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for number, column in enumerate(self._columns):
            shortest, longest = _WIDTHS
            self._page.set_column(number, number, min(max(len(column.title) + 2, shortest), longest))
            self._page.write_string(0, number, column.title, bold)
        self._page.freeze_panes(1, 0)

    def add(self, rows: Sequence[Any]) -> None:
        for row in rows:
            self.filled += 1
            for number, column in enumerate(self._columns):
                self._write(number, column.cell(row))

    def _write(self, number: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case datetime():
                # Excel knows no zones: it is the wall clock of the zone that the heading names.
                local = cell.astimezone(self._zone).replace(tzinfo=None, microsecond=0)
                self._page.write_datetime(self.filled, number, local, self._instant)
            case str():
                self._page.write_string(self.filled, number, cell)
            case _:
                self._page.write_number(self.filled, number, cell)

    def end_with(self, words: str) -> None:
        self._page.write_string(self.filled + 1, 0, words)

    def close(self) -> None:
        self._book.close()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _text(cell: Cell, zone: ZoneInfo, point: str) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.astimezone(zone):%d.%m.%Y %H:%M:%S %z}"
        case str():
            return harmless(cell)
        case _:
            return str(cell).replace(".", point)


def _lines(rows: Sequence[Sequence[str]] | Iterator[Sequence[str]], separator: str) -> str:
    lines = io.StringIO(newline="")
    csv.writer(lines, delimiter=separator).writerows(rows)
    return lines.getvalue()


async def _noted(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass the pieces on; one that cannot be made breaks the download off, and leaves a line in the log."""
    try:
        async for piece in pieces:
            yield piece
    except (Refused, Unavailable) as error:
        log.warning("export_cut_off", reason=type(error).__name__)
        raise
