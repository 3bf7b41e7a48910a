"""All that is stored about a client as one ZIP, made while it is sent: one page of rows is in memory, never the whole.

JSON holds every field as it is stored; CSV the same rows for reading, in the firm's zone.
"""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from infra.supabase import Database

# Rows of one page: about half a megabyte of messages.
PAGE = 1000
PARTS = (
    "chats",
    "members",
    "people",
    "messages",
    "requests",
    "reactions",
    "business",
    "votes",
    "corrections",
    "rejects",
)
BOM = "\ufeff"
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

README = """Данные клиента «{name}»

Файлы .csv читаются в Excel и других таблицах, время в них указано по поясу {timezone}.
Файлы .json содержат те же записи полностью, для программ.

client     кто клиент
chats      чаты клиента, в том числе личные чаты его сотрудников с ботом
members    участники этих чатов, о которых сообщил Telegram
people     кто писал в этих чатах от клиента
messages   сообщения со всеми правками (edit_version 0 — первый вариант); media_file_id указывает на файл в Telegram,
           сами файлы у нас не хранятся; forwarded_from — чьё сообщение переслано, quote — что процитировано
requests   обращения: когда открыто, когда нужно было ответить, когда ответили; события и оповещения по каждому
reactions  реакции на сообщения
business   переписка с сотрудниками фирмы в их личных чатах, если бот подключён к их Telegram Business
votes      оценки и отзывы; superseded_at — когда человек заменил оценку новой
corrections исправления класса сообщений
rejects    обновления, которые не удалось сохранить

Все поля описаны в комментариях базы данных.
"""

Row = dict[str, Any]
Columns = dict[str, str]

# What a person reads, by part: field, heading.
SHEETS: dict[str, Columns] = {
    "chats": {
        "chat_name": "Чат",
        "type": "Тип",
        "chat_id": "Номер в Telegram",
        "connected_at": "Подключён",
        "deleted_at": "Удалён",
    },
    "members": {
        "full_name": "Имя",
        "telegram_username": "Имя в Telegram",
        "telegram_user_id": "Номер в Telegram",
        "status": "Положение",
        "status_at": "С какого времени",
        "chat_id": "Чат",
    },
    "people": {
        "names": "Имя",
        "telegram_user_id": "Номер в Telegram",
        "messages": "Сообщений",
        "first_message_at": "Первое",
        "last_message_at": "Последнее",
    },
    "messages": {
        "telegram_date": "Время",
        "author_name": "Автор",
        "is_staff": "От фирмы",
        "message_text": "Текст",
        "caption": "Подпись к файлу",
        "kind": "Вид",
        "edited_at": "Исправлено",
        "chat_id": "Чат",
        "topic_id": "Тема",
        "message_id": "Сообщение",
        "edit_version": "Правка",
    },
    "requests": {
        "opened_at": "Открыто",
        "due_at": "Срок ответа",
        "responded_at": "Ответили",
        "closed_at": "Закрыто",
        "closed_as": "Исход",
        "working_seconds": "Рабочих секунд до ответа",
        "message_count": "Сообщений",
        "accountant": "Ответственный",
        "answered_by": "Кто ответил",
        "chat_id": "Чат",
        "id": "Обращение",
    },
    "reactions": {
        "reacted_at": "Время",
        "emoji": "Реакция",
        "is_staff": "От фирмы",
        "chat_id": "Чат",
        "message_id": "Сообщение",
    },
    "votes": {
        "created_at": "Время",
        "survey": "Опрос",
        "rating": "Оценка",
        "comment": "Отзыв",
        "voter_name": "Кто",
        "note": "Заметка фирмы",
        "superseded_at": "Заменена",
        "chat_id": "Чат",
    },
}


class Archive(NamedTuple):
    """A client's name, and the ZIP piece by piece."""

    name: str
    pieces: AsyncIterator[bytes]


class _Outlet(io.RawIOBase):
    """A file that only remembers what has not been taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def open_archive(database: Database, client_id: UUID) -> Archive:
    """Ask for the client, which is recorded as an export. Raises what `Database` raises, `Refused` before any piece."""
    [page] = [page async for page in _pages(database, client_id, "client")]
    [client] = page
    return Archive(client["name"], _pieces(database, client_id, client))


async def _pieces(database: Database, client_id: UUID, client: Row) -> AsyncIterator[bytes]:
    outlet = _Outlet()
    zone = ZoneInfo(client["timezone"])
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", BOM + README.format(name=client["name"], timezone=client["timezone"]))
        archive.writestr("client.json", json.dumps([client], ensure_ascii=False, indent=1))
        for part in PARTS:
            async for _ in _write(archive, f"{part}.json", _as_json(_pages(database, client_id, part))):
                yield outlet.take()
            if part in SHEETS:
                async for _ in _write(archive, f"{part}.csv", _as_csv(part, _pages(database, client_id, part), zone)):
                    yield outlet.take()
    yield outlet.take()


async def _write(archive: zipfile.ZipFile, name: str, texts: AsyncIterator[str]) -> AsyncIterator[None]:
    """Write an entry, and yield whenever a page of it has been written."""
    # Of unknown size, so with room for more than 4 GB.
    with archive.open(name, "w", force_zip64=True) as entry:
        async for text in texts:
            entry.write(text.encode())
            yield


async def _as_json(pages: AsyncIterator[list[Row]]) -> AsyncIterator[str]:
    before = "["
    async for rows in pages:
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        yield f"{before}\n{lines}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


async def _as_csv(part: str, pages: AsyncIterator[list[Row]], zone: ZoneInfo) -> AsyncIterator[str]:
    yield BOM + _lines([SHEETS[part].values()])
    async for rows in pages:
        yield _lines(sheet_rows(part, rows, zone))


async def _pages(database: Database, client_id: UUID, part: str) -> AsyncIterator[list[Row]]:
    """Yield the pages of a part that hold any row."""
    after = None
    while True:
        page: Any = await database.call("export_client", client_id=str(client_id), part=part, after=after, batch=PAGE)
        if page["rows"]:
            yield page["rows"]
        after = page["next"]
        if after is None:
            return


def sheet_rows(part: str, rows: Iterable[Row], zone: ZoneInfo) -> Iterator[list[str]]:
    """Yield the cells of rows as a person reads them; nothing in them is a formula."""
    for row in rows:
        yield [_cell(field, row.get(field), zone) for field in SHEETS[part]]


def _cell(field: str, value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, (int, float)):
        return str(value)
    if field.endswith(("_at", "_date")):
        return f"{datetime.fromisoformat(value).astimezone(zone):%d.%m.%Y %H:%M:%S %z}"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(rows: Iterable[Iterable[str]]) -> str:
    sheet = io.StringIO(newline="")
    csv.writer(sheet, delimiter=";").writerows(rows)
    return sheet.getvalue()
