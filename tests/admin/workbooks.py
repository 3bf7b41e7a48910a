"""An Excel file as a person sees it: the cells of its one sheet, with what kind of thing each is."""

import io
import zipfile
from typing import NamedTuple
from xml.etree import ElementTree as ET

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class XlsxCell(NamedTuple):
    """`kind` is text, number or date; a date is Excel's count of days."""

    kind: str
    value: str


def read_xlsx(content: bytes) -> list[list[XlsxCell | None]]:
    """Return the rows of the sheet, none for an empty cell; fails if any cell holds a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = book.read("xl/sharedStrings.xml") if "xl/sharedStrings.xml" in book.namelist() else b"<sst/>"
        styles = ET.fromstring(book.read("xl/styles.xml"))
    texts = ["".join(item.itertext()) for item in ET.fromstring(shared)]
    dated = [style.get("applyNumberFormat") == "1" for style in styles.iterfind(f"{_NAMESPACE}cellXfs/{_NAMESPACE}xf")]
    assert sheet.find(f".//{_NAMESPACE}f") is None
    return [_row(row, texts, dated) for row in sheet.iter(f"{_NAMESPACE}row")]


def _row(row: ET.Element, texts: list[str], dated: list[bool]) -> list[XlsxCell | None]:
    cells: list[XlsxCell | None] = []
    for cell in row:
        letters = "".join(letter for letter in cell.get("r", "") if letter.isalpha())
        place = sum((ord(letter) - 64) * 26**power for power, letter in enumerate(reversed(letters)))
        cells += [None] * (place - 1 - len(cells))
        cells.append(_cell(cell, texts, dated))
    return cells


def _cell(cell: ET.Element, texts: list[str], dated: list[bool]) -> XlsxCell | None:
    kind, value = cell.get("t"), "".join(cell.itertext())
    if kind == "s":
        return XlsxCell("text", texts[int(value)])
    if kind == "inlineStr":
        return XlsxCell("text", value)
    if not value:
        return None
    return XlsxCell("date" if dated[int(cell.get("s", "0"))] else "number", value)
