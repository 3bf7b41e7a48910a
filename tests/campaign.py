"""Campaigns in the running firm: a chat that may be written to at any hour, and what its managers do."""

import itertools
import secrets
from datetime import date, timedelta
from typing import Any

import psycopg

from tests.sql.people import speaking
from tests.stack import Stack
from tests.world import MANAGER, ClientChat

# No two campaigns ask about the same day; each run of a test asks about days of its own.
_days = itertools.count(secrets.randbelow(300_000))

_SCHEDULE = """
  with made as (
    insert into public.working_schedules (name, timezone, around_the_clock, follows_firm_calendar)
    values ('Всегда ' || gen_random_uuid(), 'Europe/Moscow', false, false)
    returning id
  )
  insert into public.working_intervals (schedule_id, weekday, opens, closes)
  select m.id, w, '00:00', '24:00' from made as m, generate_series(1, 7) as w
  returning schedule_id
"""


def keep_awake(*chats: ClientChat) -> None:
    """Give them a schedule of work at all hours that is not «around the clock»: clients may be asked in it."""
    rows = chats[0].rows
    schedule = rows(_SCHEDULE)[0]["schedule_id"]
    rows("select private.rebuild_working_periods(%s, now())", schedule)
    ids = [chat.id for chat in chats]
    rows("update public.chats set schedule_id = %s where chat_id = any (%s) returning id", schedule, ids)


class Campaign:
    """One that asks these chats; sending is not held back by the hour of the day at which the tests run."""

    def __init__(self, stack: Stack, *chats: ClientChat) -> None:
        self._url, self._chat = stack.env["DATABASE_URL"], chats[0]
        keep_awake(*chats)
        ids = [chat.id for chat in chats]
        day = date(1200, 1, 1) + timedelta(days=next(_days))
        audience = [row["id"] for row in self.rows("select id from public.chats where chat_id = any (%s)", ids)]
        self.name = f"Опрос {day:%d.%m.%Y}"
        self.id = self.as_manager(
            "select api.save_survey(%s, %s, %s, 'chats', %s::uuid[])", self.name, day, day, audience
        )

    def begin(self) -> None:
        self.as_manager("select api.schedule_survey(%s)", self.id)

    def close(self) -> None:
        self.as_manager("select api.close_survey(%s)", self.id)

    @property
    def status(self) -> str:
        (survey,) = self.rows("select status from public.feedback_surveys where id = %s", self.id)
        return str(survey["status"])

    @property
    def firm(self) -> dict[str, Any]:
        """What managers are shown of the whole firm."""
        results: dict[str, Any] = self.as_manager("select api.survey_results(%s)", self.id)
        firm: dict[str, Any] = results["firm"]
        return firm

    @property
    def votes(self) -> list[tuple[int | None, str | None]]:
        """Every vote and its comment, in the order in which they were cast."""
        rows = self.rows(
            "select rating, comment from public.feedback_responses where survey_id = %s order by created_at", self.id
        )
        return [(row["rating"], row["comment"]) for row in rows]

    def as_manager(self, query: str, *values: Any) -> Any:
        """Return the first column of the first row, as the firm's manager asks."""
        with psycopg.connect(self._url) as db:
            person = db.execute("select id from public.users where telegram_id = %s", [MANAGER]).fetchone()
            with speaking(db, person[0] if person else None):
                row = db.execute(query.encode(), values).fetchone()
        return row[0] if row else None

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return self._chat.rows(query, *values)
