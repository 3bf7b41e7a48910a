"""A firm to test with: people, chats and messages on the real stack, none of them shared with another test."""

import itertools
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import httpx
import psycopg
from psycopg import sql
from redis import Redis

from admin.sessions import redis_key

PASSWORD = "a-long-enough-password"
# A sign-up as Auth writes it down; the password by the cheapest rule there is, because hundreds are hired.
_SIGN_UP = """
  with signed_up as (
    insert into auth.users (
      id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at
    )
    values (
      gen_random_uuid(), 'authenticated', 'authenticated', %(email)s,
      extensions.crypt(%(password)s, extensions.gen_salt('bf', 4)), '{"provider": "email", "providers": ["email"]}',
      jsonb_build_object('email_verified', true, 'invitation', %(invitation)s::text), now()
    )
    returning id, email
  )
  insert into auth.identities (id, provider, provider_id, user_id, identity_data)
  select gen_random_uuid(), 'email', s.id::text, s.id, jsonb_build_object('sub', s.id, 'email', s.email)
  from signed_up as s
  returning user_id
"""
Role = Literal["admin", "manager", "accountant", "observer"]

# Far from the demo firm's ids, different in every run.
_numbers = itertools.count(secrets.randbelow(10**9) * 1000)


@dataclass(frozen=True)
class Colleague:
    """A person who can sign in."""

    id: UUID
    email: str
    name: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Chat:
    """A client chat."""

    id: int
    name: str


class Firm:
    """What an operator, Telegram and the bot do to the database, done directly."""

    def __init__(self, environment: dict[str, str]) -> None:
        key = environment["SUPABASE_SERVICE_ROLE_KEY"]
        self._api = httpx.Client(
            base_url=f"{environment['SUPABASE_URL']}/rest/v1",
            headers={"apikey": key, "Authorization": f"Bearer {key}", "Content-Profile": "api"},
        )
        self._database = psycopg.connect(environment["DATABASE_URL"], autocommit=True)
        self._redis = Redis.from_url(environment["REDIS_URL"])

    def close(self) -> None:
        self._api.close()
        self._database.close()
        self._redis.close()  # type: ignore[no-untyped-call]

    def hire(self, role: Role, name: str = "Нина Новикова") -> Colleague:
        """Invite somebody, and write down what Auth writes when the invitee signs up."""
        email = f"person{next(_numbers)}@buhbot.test"
        values = {"email": email, "password": PASSWORD, "invitation": self.invite(email, role, name)}
        row = self._database.execute(_SIGN_UP.encode(), values).fetchone()
        assert row
        return Colleague(row[0], email, name)

    def invite(self, email: str, role: Role, name: str = "Нина Новикова") -> str:
        """Invite somebody as the operator, and return the token of the link."""
        row = self._database.execute(
            "insert into public.staff_invitations (email, role, full_name) values (%s, %s, %s)"
            " returning private.link_token('invitation', id)",
            (email, role, name),
        ).fetchone()
        assert row
        return str(row[0])

    def link_of(self, email: str) -> str | None:
        """The token of the open invitation of an address."""
        found = self._database.execute(
            "select private.link_token('invitation', id) from public.staff_invitations"
            " where email = %s and used_at is null and revoked_at is null",
            (email,),
        ).fetchone()
        return found[0] if found else None

    def invitation_of(self, email: str) -> UUID | None:
        """The id of the latest invitation of an address."""
        query = "select id from public.staff_invitations where email = %s order by created_at desc limit 1"
        found = self._database.execute(query, (email,)).fetchone()
        return found[0] if found else None

    def sign_ins_of(self, email: str) -> int:
        """How many sign-ins Auth has for an address."""
        found = self._database.execute("select count(*) from auth.users where email = %s", (email,)).fetchone()
        assert found
        return int(found[0])

    def role_of(self, person: Colleague) -> tuple[str, bool]:
        """What the person is, and whether with access."""
        found = self._database.execute("select role, active from public.users where id = %s", (person.id,)).fetchone()
        assert found
        return found[0], found[1]

    def dismiss(self, person: Colleague) -> None:
        self.run("update public.users set active = false where id = %s", person.id)

    def connect_chat(self, owner: Colleague | None, name: str = "", schedule: UUID | None = None) -> Chat:
        """Connect a chat that is measured, around the clock unless a schedule is given."""
        number = next(_numbers)
        chat = Chat(-1_000_000_000_000 - number, name or f"ООО Проба {number}")
        self.run(
            "insert into public.chats"
            " (chat_id, type, chat_name, assigned_accountant_id, schedule_id, monitoring_enabled, connected_at)"
            " values (%s, 'supergroup', %s, %s, %s, true, now())",
            *(chat.id, chat.name, owner.id if owner else None, schedule or self.around_the_clock()),
        )
        return chat

    def add_client(self, name: str, *chats: Chat) -> UUID:
        """Make a client whose the chats are."""
        made = self._one("insert into public.clients (name) values (%s) returning id", name)
        self.run("update public.chats set client_id = %s where chat_id = any (%s)", made, [chat.id for chat in chats])
        return made

    def around_the_clock(self) -> UUID:
        return self._one("select id from public.working_schedules where around_the_clock order by created_at limit 1")

    def always_open(self, name: str) -> UUID:
        """Make one more schedule around the clock."""
        insert = (
            "insert into public.working_schedules (name, timezone, around_the_clock)"
            " values (%s, 'Europe/Moscow', true) returning id"
        )
        return self._one(insert, name)

    def never_open(self) -> UUID:
        """Make a schedule without a single working minute."""
        return self._one(
            "insert into public.working_schedules (name, timezone) values (%s, 'Europe/Moscow') returning id", _name()
        )

    def ask(
        self, chat: Chat, text: str, minutes_ago: float = 0, *, author: str = "Анна Иванова", kind: str = "text"
    ) -> None:
        """Let a client write; as after intake, the message is committed when this returns."""
        self._ingest(chat, text, minutes_ago, author=author, kind=kind, user_id=next(_numbers))

    def answer(self, chat: Chat, person: Colleague, text: str, minutes_ago: float = 0) -> None:
        """Let somebody of the firm write."""
        number = next(_numbers)
        self.run("update public.users set telegram_id = coalesce(telegram_id, %s) where id = %s", number, person.id)
        found = self.row("select telegram_id from public.users where id = %s", person.id)
        assert found
        self._ingest(chat, text, minutes_ago, author=person.name, kind="text", user_id=found[0])

    def request_of(self, chat: Chat) -> UUID:
        """The id of the latest window of a chat."""
        return self._one("select id from public.client_requests where chat_id = %s order by opened_at desc", chat.id)

    def keep_view(self, person: Colleague, name: str = "Мой вид", query: str = "state=overdue") -> UUID:
        """Give somebody a saved view of the work list."""
        insert = (
            "insert into public.saved_views (user_id, page, name, query) values (%s, '/requests', %s, %s) returning id"
        )
        return self._one(insert, person.id, name, query)

    def fail_reply(self, chat: Chat, person: Colleague, request_id: UUID, text: str = "Акт готов") -> UUID:
        """Let an answer of the panel be one that Telegram would not take."""
        insert = (
            "insert into public.outbox (kind, recipient_chat_id, subject_id, payload, status, finished_at, last_error)"
            " select 'chat_reply', %s, gen_random_uuid(),"
            " jsonb_build_object('chat', c.id, 'person', %s::uuid, 'request', %s::uuid, 'text', %s::text),"
            " 'cancelled', now(), 'not enough rights' from public.chats as c where c.chat_id = %s returning id"
        )
        return self._one(insert, chat.id, person.id, request_id, text, chat.id)

    def add_template(self, title: str, content: str) -> UUID:
        """Make a ready text."""
        insert = "insert into public.templates (category, title, content) values ('Ответы', %s, %s) returning id"
        return self._one(insert, title, content)

    def hint(self, topic: str = "requests") -> None:
        """Say what the bot says after a commit."""
        self._redis.publish("hints", topic)

    def forget_session(self, session_id: str) -> None:
        """Lose a session, as an emptied Redis does."""
        self._redis.delete(redis_key(session_id))

    def run(self, statement: str, *values: Any) -> None:
        self._database.execute(sql.SQL(statement), values)

    def row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """Return the first row."""
        return self._database.execute(sql.SQL(query), values).fetchone()

    def _one(self, statement: str, *values: Any) -> UUID:
        row = self._database.execute(sql.SQL(statement), values).fetchone()
        assert row
        assert isinstance(row[0], UUID)
        return row[0]

    def _ingest(self, chat: Chat, text: str, minutes_ago: float, **fields: Any) -> None:
        number = next(_numbers)
        record = {
            "update_id": number,
            "chat_id": chat.id,
            "chat_type": "supergroup",
            "chat_name": chat.name,
            "topic_id": 0,
            "message_id": number,
            "date": int(time.time() - minutes_ago * 60),
            "author_name": fields.pop("author"),
            "is_bot": False,
            "text": text if fields["kind"] == "text" else None,
            "classification": "request",
            **fields,
        }
        self._api.post("/rpc/ingest", json={"updates": [record]}).raise_for_status()


def _name() -> str:
    return f"Проба {next(_numbers)}"
