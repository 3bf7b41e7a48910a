"""The calendar as people edit it in SQL tests, in the week of Monday 2026-04-06."""

import json
from typing import Any
from uuid import UUID

from infra.production_calendar import read, stated
from tests.sql.firm import PETR, Connection, Row, monday, one, user_id
from tests.sql.people import speaking

NOW = monday("12:30")
DAY = [("09:00", "13:00"), ("14:00", "18:00")]


def week(*hours: tuple[str, str]) -> list[Row]:
    return [{"weekday": day, "opens": opens, "closes": closes} for day in range(1, 6) for opens, closes in hours]


def save(
    db: Connection, schedule: UUID, hours: list[Row], *, dry_run: bool = False, by: int = PETR, **more: Any
) -> Row:
    stated = {"name": "Основной", "timezone": "Europe/Moscow", **more}
    with speaking(db, user_id(by)):
        moved: Row = one(
            db,
            "select api.save_schedule(%s, %s, %s, true, %s, %s, %s)",
            *(schedule, stated["name"], stated["timezone"], json.dumps(hours), dry_run, NOW),
        )
    return moved


def set_dates(db: Connection, schedule: UUID | None, first: str, says: str | None, **more: Any) -> Row:
    with speaking(db, user_id(more.pop("by", PETR))):
        moved: Row = one(
            db,
            "select api.set_dates(%s, %s, %s, %s, %s, %s, %s, %s)",
            *(schedule, first, more.get("last", first), says, more.get("name", "День фирмы")),
            *(json.dumps(more.get("hours", [])), more.get("dry_run", False), NOW),
        )
    return moved


def bring_in(db: Connection, year: int, *, dry_run: bool = False, by: int = PETR) -> Row:
    with speaking(db, user_id(by)):
        told: Row = one(
            db, "select api.bring_in_calendar(%s, %s, %s, %s)", year, json.dumps(stated(read(year))), dry_run, NOW
        )
    return told
