"""What people ask of `api`, and how they are refused."""

from typing import Any

import psycopg
import pytest

from tests.sql.firm import Connection, one, user_id
from tests.sql.people import speaking


def asked(db: Connection, who: int, call: str, *values: Any) -> Any:
    """What a call of `api` answers to a signed-in person."""
    with speaking(db, user_id(who)):
        return one(db, f"select api.{call}", *values)


def refusal(db: Connection, who: int, call: str, *values: Any) -> str:
    """The key with which it is refused."""
    with pytest.raises(psycopg.Error) as error, speaking(db, user_id(who)):
        one(db, f"select api.{call}", *values)
    return error.value.diag.message_primary or ""
