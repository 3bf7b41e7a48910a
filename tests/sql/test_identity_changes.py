"""Whatever changes who somebody is, is announced to the processes that remember them."""

from typing import Any

import psycopg

from infra.caching import CHANGES, IDENTITY

# What the bot knows of a person, as `api.identify_all` says it.
KNOWN = ("role", "active", "full_name", "locale", "telegram_id")
# An operator's command, with nothing of the firm in its environment but the database: ten minutes late at the most.
UNANNOUNCED = {"admit_admin"}


def test_every_function_that_changes_people_is_announced(db: psycopg.Connection[tuple[Any, ...]]) -> None:
    writers = db.execute(
        "select p.proname from pg_proc as p where p.pronamespace = 'api'::regnamespace"
        " and substring(p.prosrc from 'update public\\.users as u\\s+set (.*?)\\s+where')"
        " ~ ('(^|[\\s,])(' || %s || ') =')",
        ["|".join(KNOWN)],
    ).fetchall()
    announced = {function for function, topic in CHANGES.items() if topic == IDENTITY}
    assert {name for (name,) in writers} - UNANNOUNCED <= announced
    assert len(writers) >= 5
