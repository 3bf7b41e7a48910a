"""Tables as Excel or a person writes them: any of three separators, Unicode or what Russian Excel saves."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

SEPARATORS = ";\t,"


class Line(NamedTuple):
    """A row, and on which line of the file it ends, from 1."""

    number: int
    cells: list[str]


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-8, or what Russian Excel saves, which as «Unicode text» is UTF-16."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def lines_of(text: str) -> Iterator[Line]:
    """Return every row with anything in it."""
    plain = text.replace("\x00", "")
    first = next((line for line in plain.splitlines() if line.strip(f" {SEPARATORS}")), "")
    reader = csv.reader(io.StringIO(plain), delimiter=max(SEPARATORS, key=first.count))
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cell.strip(SEPARATORS) for cell in cells):
            yield Line(reader.line_num, cells)


def named(
    lines: Iterable[Line], columns: Sequence[str], headings: Mapping[str, str]
) -> list[tuple[int, dict[str, str]]]:
    """Return each row by the names of its columns, without empty cells, and its line.

    The first line may name the columns itself, in words that `headings` knows, in lower case; else they are `columns`.
    """
    rows = list(lines)
    if rows and all(cell.lower() in headings for cell in rows[0].cells if cell):
        columns = [headings.get(cell.lower(), "") for cell in rows.pop(0).cells]
    return [
        (line.number, {name: cell for name, cell in zip(columns, line.cells, strict=False) if name and cell})
        for line in rows
    ]


def written(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a file that Excel opens with its columns apart and its letters right."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")
