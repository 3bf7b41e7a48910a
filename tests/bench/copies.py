"""What went through the product once, multiplied.

A copy takes every column as the product wrote it, moved in time and into another chat and topic; so a new column needs
no change here.
"""

from collections.abc import Mapping

from tests.bench.rig import Connection


def copy(db: Connection, name: str, source: str, otherwise: str = "", instead: Mapping[str, str] | None = None) -> None:
    """Insert into a table what `source`, the rest of a `from`, has: rows of it as `t`, and where they go as `copy`.

    `instead` says what becomes of a column that does not simply move.
    """
    columns = db.execute(
        "select attname, atttypid::regtype::text from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped and attgenerated = '' and attidentity = ''",
        [f"public.{name}"],
    ).fetchall()
    other = instead or {}
    names = ", ".join(column for column, _ in columns)
    values = ", ".join(other.get(column) or _moved(column, of_type) for column, of_type in columns)
    db.execute(f"insert into public.{name} ({names}) select {values} from {source} {otherwise}".encode())


def _moved(column: str, of_type: str) -> str:
    if column == "number":
        return "nextval('public.request_numbers')"
    if column in {"chat_id", "topic_id"}:
        return f"copy.{column}"
    if column == "number":
        # What people call a request is its own.
        return "nextval('public.request_numbers')"
    if of_type == "uuid" and column in {"id", "request_id", "alert_id", "message_id"}:
        return f"md5(t.{column}::text || copy.n)::uuid"
    if column == "update_id" or column.endswith("message_id"):
        return f"t.{column} + copy.messages"
    return f"t.{column} + copy.later" if of_type == "timestamp with time zone" else f"t.{column}"
