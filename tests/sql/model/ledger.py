"""What is compared: the windows with their alerts and who was told, in the database and in the model."""

from typing import Any
from uuid import UUID

from tests.sql.firm import Connection, Row, all_rows
from tests.sql.model.window import Window
from tests.sql.model.world import World

WINDOWS = """
  select w.id, w.chat_id, w.topic_id, w.opened_at, w.first_message_id, w.last_message_at, w.message_count,
    w.closed_as, w.closed_because, w.responded_at, w.responded_by, w.response_message_id, w.warn_at, w.due_at,
    w.working_seconds, w.acknowledged_at, w.acknowledged_by, w.assigned_accountant_id, w.on_duty_id
  from public.client_requests as w
  order by w.chat_id, w.topic_id, w.opened_at, w.first_message_id
"""
# The outbox tells each person of an alert exactly once, in a message to that person.
ALERTS = """
  select a.request_id, a.kind, a.level, a.resolution, a.resolved_by, array(
    select n.user_id
    from public.notices as n
    join public.outbox as o on o.id = n.message_id
    join public.users as u on u.id = n.user_id and u.telegram_id = o.recipient_chat_id
    where n.alert_id = a.id
    order by 1
  ) as told
  from public.sla_alerts as a
  order by 1, 2, 3
"""


def in_database(db: Connection) -> list[Row]:
    alerts: dict[UUID, list[Any]] = {}
    for a in all_rows(db, ALERTS, prepare=True):
        fact = (a["kind"], a["level"], a["resolution"], a["resolved_by"], a["told"])
        alerts.setdefault(a["request_id"], []).append(fact)
    return [row | {"alerts": alerts.get(row.pop("id"), [])} for row in all_rows(db, WINDOWS, prepare=True)]


# All that is kept of them, and a reading of every topic from its beginning, which has to leave it as it is.
FACTS = [
    f"select to_jsonb(t) - 'updated_at' as fact from public.{table} as t order by t.id"
    for table in ("client_requests", "request_events", "sla_alerts", "outbox")
]
FROM_THE_BEGINNING = """
  select private.settle_windows(array_agg(
    (t.chat_id, t.topic_id, ('-infinity', 0)::private.place, false)::private.touched_topic
  ))
  from (select distinct m.chat_id, m.topic_id from public.chat_messages as m) as t
"""


def facts(db: Connection) -> list[list[Row]]:
    return [all_rows(db, query) for query in FACTS]


def in_model(world: World) -> list[Row]:
    return [_row(w) for w in sorted(world.windows, key=lambda w: (w.chat, w.topic, w.opening))]


def _row(w: Window) -> Row:
    return {
        "chat_id": w.chat, "topic_id": w.topic, "opened_at": w.opening.at, "first_message_id": w.opening.message_id,
        "last_message_at": w.last.at, "message_count": len(w.counted), "closed_as": w.closed_as,
        "closed_because": w.closed_because, "responded_at": w.responded_at, "responded_by": w.responded_by,
        "response_message_id": w.answer_id, "warn_at": w.warn_at, "due_at": w.due_at,
        "working_seconds": None if w.worked is None else int(w.worked.total_seconds()),
        "acknowledged_at": w.acknowledged_at, "acknowledged_by": w.acknowledged_by, "assigned_accountant_id": w.owner,
        "on_duty_id": w.on_duty,
        "alerts": [
            (kind, level, alert.resolution, alert.resolved_by, sorted(alert.recipients))
            for (kind, level), alert in sorted(w.alerts.items())
        ],
    }  # fmt: skip
