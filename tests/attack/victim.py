"""Somebody with things of her own behind every hole of an address, and a twin of each that does not exist."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from admin.sessions import handle_of
from tests.admin.firm import Chat, Colleague, Firm
from tests.admin.process import Reader
from tests.admin.routes import Route

# Known to whoever holds them, and to nobody else: there is no owner to ask.
BEARER = {"token", "name"}


@dataclass(frozen=True)
class Victim:
    """An accountant with a client, a chat, a question, an answer, an invitation she waits for, and an open session."""

    firm: Firm
    person: Colleague
    reader: Reader
    client_id: UUID
    client_name: str
    chat: Chat
    message_id: int
    request_id: UUID
    reply_id: UUID
    view: UUID
    question: str
    author: str
    invitation: UUID
    invited: str

    @property
    def words(self) -> tuple[str, ...]:
        """What nobody else may read."""
        return self.client_name, self.chat.name, self.question, self.author, self.person.email, self.invited

    def holes(self) -> dict[str, str]:
        """What leads to her things, by the name that a route gives it."""
        return {
            "client_id": str(self.client_id),
            "chat_id": str(self.chat.id),
            "message_id": str(self.message_id),
            "request_id": str(self.request_id),
            "reply_id": str(self.reply_id),
            "view": str(self.view),
            "person": str(self.person.id),
            "invitation": str(self.invitation),
            "handle": handle_of(self.reader.cookies["buhbot"]),
        }

    def state(self) -> list[tuple[Any, ...] | None]:
        """All of it that an attack could change, and whether her session is alive."""
        firm, uuid = self.firm, str(self.person.id)
        return [
            firm.row(
                "select role, active, telegram_id, full_name, alerts_per_hour from public.users where id = %s", uuid
            ),
            firm.row("select name, erased_at from public.clients where id = %s", self.client_id),
            firm.row("select closed_as, acknowledged_by from public.client_requests where id = %s", self.request_id),
            firm.row("select status from public.outbox where id = %s", self.reply_id),
            firm.row("select name, query from public.saved_views where id = %s", self.view),
            firm.row("select revoked_at, used_at from public.staff_invitations where id = %s", self.invitation),
            firm.row("select count(*) from auth.sessions where user_id = %s", uuid),
            (self.reader.get("/requests").status_code,),
        ]


def victim_of(firm: Firm, reader: Reader) -> Victim:
    """Hire her and let a client ask her something."""
    word = secrets.token_hex(4)
    person = firm.hire("accountant", f"Вера Чужая-{word}")
    chat = firm.connect_chat(person, f"Чат {word}")
    client_name = f"ООО Тайна-{word}"
    client_id = firm.add_client(client_name, chat)
    firm.ask(chat, f"Вопрос {word}", 70, author=f"Автор {word}")
    # A file that Telegram has never heard of: who may read the message is asked before Telegram is.
    found = firm.row(
        "update public.chat_messages set media_file_id = 'none' where chat_id = %s returning message_id", chat.id
    )
    assert found
    invited = f"invited-{word}@buhbot.test"
    firm.invite(invited, "accountant")
    invitation = firm.invitation_of(invited)
    assert invitation
    reader.as_person(person)
    request_id = firm.request_of(chat)
    return Victim(
        firm,
        person,
        reader,
        client_id,
        client_name,
        chat,
        found[0],
        request_id,
        firm.fail_reply(chat, person, request_id),
        firm.keep_view(person),
        f"Вопрос {word}",
        f"Автор {word}",
        invitation,
        invited,
    )


def nobodys(holes: dict[str, str]) -> dict[str, str]:
    """Return as many that lead nowhere, of the same kind and length."""
    return {name: _twin(value) for name, value in holes.items()}


def _twin(value: str) -> str:
    if len(value) == len(str(uuid4())) and value.count("-") == 4:
        return str(uuid4())
    if value.lstrip("-").isdecimal():
        return value[:-1] + str((int(value[-1]) + 5) % 10)
    return secrets.token_hex(len(value))[: len(value)]


def address_of(route: Route, holes: dict[str, str]) -> str:
    """Fill the holes of a route's address. A hole that is not known fails: say whose it is in `Victim.holes`."""
    found = route.path
    for name in holes_of(route):
        assert name in holes, f"{route}: whose is {name!r}? Give the victim one, in tests/attack/victim.py"
        kind = found.partition(f"{{{name}:")[2].partition("}")[0]
        found = found.replace(f"{{{name}:{kind}}}", holes[name])
    return found


def holes_of(route: Route) -> list[str]:
    return [part.partition(":")[0].lstrip("{") for part in route.path.split("/") if part.startswith("{")]
