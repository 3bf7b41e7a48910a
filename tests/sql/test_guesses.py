"""PostgREST's guesses: the planner makes them from everybody's rows; of feedback they tell nobody anything (H10)."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.sql.firm import Connection
from tests.sql.rows import OLGAS, VOTER
from tests.sql.served import Api, views
from tests.stack import Stack

CROWD = 400
SURVEY = "77700000-0000-4000-8000-000000000001"
ADD = f"""
  set session_replication_role = replica;
  insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment)
  select '{SURVEY}', {OLGAS}, 77700000000 + n, '{VOTER}', 1, '{VOTER}' from generate_series(1, {CROWD}) as n;
  insert into public.feedback_cases (survey_id, chat_id, response_id, lowest, opened_at, alerted_at)
  select r.survey_id, r.chat_id, r.id, 1, now(), now() from public.feedback_responses as r
  where r.telegram_user_id > 77700000000;
  insert into public.survey_deliveries (survey_id, chat_id, status, due_at, sent_at)
  select '{SURVEY}', -77700000000 - n, 'sent', now(), now() from generate_series(1, {CROWD}) as n;
"""
REMOVE = f"""
  set session_replication_role = replica;
  delete from public.feedback_cases where survey_id = '{SURVEY}';
  delete from public.feedback_responses where telegram_user_id > 77700000000;
  delete from public.survey_deliveries where chat_id < -77700000000;
"""
STUDY = ("feedback_responses", "feedback_cases", "survey_deliveries")
WAYS = (
    # The latter of two headers is all that a function of ours is told of.
    (("Prefer", "count=planned"), ("Prefer", "return=minimal")),
    (("Prefer", "count=estimated"), ("Prefer", "return=minimal")),
    (("Prefer", "return=minimal"), ("Prefer", "count=planned")),
    (("Prefer", "count=exact"),),
    (("Accept", "application/vnd.pgrst.plan+json; options=analyze"),),
)
FILTERS = ("", f"voter_name=eq.{VOTER}", "rating=eq.1", f"survey_id=eq.{SURVEY}", "limit=0")


@pytest.fixture
def rest(stack: Stack) -> Iterator[httpx.Client]:
    """PostgREST at its own port: nothing before it makes one header of two."""
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.caller.port('postgrest')}", timeout=20) as client:
        yield client


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_no_count_plan_or_guess_tells_others_of_votes_cases_or_deliveries(
    stack: Stack, real: Connection, api: Api, rest: httpx.Client, role: str
) -> None:
    feedback = [view for view in views(real) if view.startswith(("feedback_", "survey_"))]
    calls = ["rpc/find_votes", "rpc/find_cases", "rpc/find_comments", f"rpc/find_deliveries?survey={SURVEY}"]

    def answers() -> dict[tuple[str, int], tuple[object, ...]]:
        told: dict[tuple[str, int], tuple[object, ...]] = {}
        for path in [*feedback, *calls]:
            for only in FILTERS:
                address = f"{path}{'&' if '?' in path else '?'}{only}"
                for number, way in enumerate(WAYS):
                    headers = [("Authorization", f"Bearer {api.token(role)}"), *way]
                    answer = rest.get(f"/{address}", headers=headers)
                    told[address, number] = answer.status_code, answer.headers.get("content-range"), answer.text
        return told

    admin = stack.env["DATABASE_URL"].replace("postgres:postgres@", "supabase_admin:postgres@")
    with psycopg.connect(admin, autocommit=True) as by_hand:
        before = answers()
        by_hand.execute(ADD.encode())
        try:
            by_hand.execute(f"analyze {', '.join(f'public.{table}' for table in STUDY)}".encode())
            assert answers() == before
        finally:
            by_hand.execute(REMOVE.encode())
            by_hand.execute(f"analyze {', '.join(f'public.{table}' for table in STUDY)}".encode())
