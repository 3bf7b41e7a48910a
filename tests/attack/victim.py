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
BEARER = {"token:str", "name:path"}
# What everybody of the firm may read: by these rules they are measured.
OPEN = {"schedule_id:uuid", "policy_id:uuid"}
# What a manager does not see either, of another manager's team.
OF_A_TEAM = {"link_id:uuid", "task_id:uuid", "view:uuid", "handle:str"}

# Behind which hole of an address what can be changed, by table and key.
KEPT = {
    "person:uuid": ("users", "id", "role, active, telegram_id, full_name, alerts_per_hour"),
    "client_id:uuid": ("clients", "id", "name, tier, erased_at"),
    "chat_id:uuid": ("chats", "id", "chat_name, client_id, assigned_accountant_id, monitoring_enabled, deleted_at"),
    "request_id:uuid": ("client_requests", "id", "closed_as, acknowledged_by, assigned_accountant_id, policy_version"),
    "alert_id:uuid": ("sla_alerts", "id", "resolved_at, resolved_by"),
    "reply_id:uuid": ("outbox", "id", "status"),
    "message_id:uuid": ("outbox", "id", "status"),
    "view:uuid": ("saved_views", "id", "name, query"),
    "invitation:uuid": ("staff_invitations", "id", "revoked_at, used_at"),
    "link_id:uuid": ("chat_invitations", "id", "chat_name, expires_at, used_at"),
    "task_id:uuid": ("tasks", "id", "state"),
    "fingerprint:str": ("error_groups", "fingerprint", "resolved_at"),
    "schedule_id:uuid": ("working_schedules", "id", "name, timezone, version, archived_at"),
    "policy_id:uuid": ("sla_policies", "id", "name, tier, version"),
    "template_id:uuid": ("templates", "id", "title, content, archived_at"),
    "item_id:uuid": ("faq_items", "id", "question, answer, archived_at"),
    "survey_id:uuid": ("feedback_surveys", "id", "name, starts_on, ends_on, status, stopped_at"),
    "case_id:uuid": ("feedback_cases", "id", "owner_id, note, resolution, resolved_at"),
}


@dataclass(frozen=True)
class Victim:
    """An accountant with a client, a chat and all that comes with it, an open session, and a manager above her."""

    firm: Firm
    person: Colleague
    reader: Reader
    client_id: UUID
    client_name: str
    invited: str
    group: str
    words: tuple[str, ...]
    """What nobody else may read."""
    holes: dict[str, str]
    """What leads to her things, by name and kind of the hole in a route."""

    def state(self) -> list[tuple[Any, ...] | None]:
        """All of it that an attack could change, and whether her session is alive."""
        return [
            *(self._kept(hole, *where) for hole, where in KEPT.items()),
            self.firm.row("select count(*) from auth.sessions where user_id = %s", self.person.id),
            (self.reader.get("/requests").status_code,),
        ]

    def leave(self) -> None:
        """Take away what the pages about the whole firm would show."""
        self.firm.run("delete from public.outbox where id = %s", self.holes["message_id:uuid"])
        self.firm.run("delete from public.error_groups where fingerprint = %s", self.holes["fingerprint:str"])
        self.firm.run("delete from public.sla_policies where id = %s", self.holes["policy_id:uuid"])
        self.firm.run("delete from public.outbox where subject_id = %s", self.holes["case_id:uuid"])

    def _kept(self, hole: str, table: str, key: str, columns: str) -> tuple[Any, ...] | None:
        query = f"select {columns} from public.{table} where {key} = %s"
        return self.firm.row(query, self.holes[hole])


def victim_of(firm: Firm, reader: Reader) -> Victim:
    """Hire her and let a client ask her something."""
    word = secrets.token_hex(4)
    person, boss = firm.hire("accountant", f"Вера Чужая-{word}"), firm.hire("manager", f"Глава Чужих-{word}")
    chat = firm.connect_chat(person, f"Чат {word}")
    client_name = f"ООО Тайна-{word}"
    client_id = firm.add_client(client_name, chat)
    firm.ask(chat, f"Вопрос {word}", 70, author=f"Автор {word}")
    invited = f"invited-{word}@buhbot.test"
    firm.invite(invited, "accountant")
    group = f"Группа {word}"
    reader.as_person(person)
    holes = {
        "client_id:uuid": client_id,
        "person:uuid": person.id,
        "invitation:uuid": firm.invitation_of(invited),
        "handle:str": handle_of(reader.cookies["buhbot"]),
        "view:uuid": firm.keep_view(person),
        **_of_a_chat(firm, chat, person),
        **_of_a_survey(firm, chat, word),
        **_of_a_manager(firm, boss, group),
        **_of_the_firm(firm, word),
    }
    words = (client_name, chat.name, f"Вопрос {word}", f"Автор {word}", person.email, invited, group)
    told = {hole: str(value) for hole, value in holes.items()}
    return Victim(firm, person, reader, client_id, client_name, invited, group, words, told)


def _of_a_chat(firm: Firm, chat: Chat, person: Colleague) -> dict[str, Any]:
    """A chat, its question with an alert, a file, and two answers: taken back, and given up."""
    # A file that Telegram has never heard of: who may read the message is asked before Telegram is.
    file = "update public.chat_messages set media_file_id = 'none' where chat_id = %s returning message_id"
    # Of a kind that nobody raises by himself.
    alert = "insert into public.sla_alerts (request_id, kind, level) values (%s, 'escalation', 9) returning id"
    request_id = firm.request_of(chat)
    given_up = firm.fail_reply(chat, person, request_id)
    firm.run("update public.outbox set status = 'failed' where id = %s", given_up)
    return {
        "chat_id:uuid": _one(firm, "select id from public.chats where chat_id = %s", chat.id),
        "chat_id:int": chat.id,
        "message_id:int": _one(firm, file, chat.id),
        "request_id:uuid": request_id,
        "alert_id:uuid": _one(firm, alert, request_id),
        "reply_id:uuid": firm.fail_reply(chat, person, request_id),
        "message_id:uuid": given_up,
    }


def _of_a_survey(firm: Firm, chat: Chat, word: str) -> dict[str, Any]:
    """A survey that people vote in, and a client who was not content; of days that no other survey asks about."""
    survey = (
        "insert into public.feedback_surveys (name, starts_on, ends_on, status, starts_at, closes_at)"
        " select %s, day, day, 'active', now(), now() + interval '1 day'"
        " from (select date '2001-01-01' + %s::integer as day) as chosen returning id"
    )
    survey_id = _one(firm, survey, f"Опрос {word}", secrets.randbelow(7000))
    firm.run(
        "insert into public.survey_deliveries (survey_id, chat_id, status, due_at, sent_at)"
        " values (%s, %s, 'sent', now(), now())",
        *(survey_id, chat.id),
    )
    firm.run(
        "insert into public.feedback_responses (survey_id, chat_id, telegram_user_id, voter_name, rating, comment)"
        " values (%s, %s, %s, %s, 1, %s)",
        *(survey_id, chat.id, abs(chat.id), f"Автор {word}", f"Вопрос {word}"),
    )
    case = "select id from public.feedback_cases where survey_id = %s"
    return {"survey_id:uuid": survey_id, "case_id:uuid": _one(firm, case, survey_id)}


def _of_a_manager(firm: Firm, boss: Colleague, group: str) -> dict[str, Any]:
    """A link for a group that is still to come, and a draft."""
    link = "insert into public.chat_invitations (chat_name, created_by) values (%s, %s) returning id"
    task = "insert into public.tasks (kind, total, input, created_by) values ('import_chats', 1, '[]', %s) returning id"
    return {"link_id:uuid": _one(firm, link, group, boss.id), "task_id:uuid": _one(firm, task, boss.id)}


def _of_the_firm(firm: Firm, word: str) -> dict[str, Any]:
    """What is nobody's own and is changed by few: a schedule, a policy, ready texts, and a fault."""
    policy = "insert into public.sla_policies (name) values (%s) returning id"
    item = "insert into public.faq_items (question, answer) values (%s, 'Ответ') returning id"
    fault = (
        "insert into public.error_groups (fingerprint, component, event, first_at, last_at)"
        " values (%s, 'admin', 'attacked', now(), now()) returning fingerprint"
    )
    return {
        "schedule_id:uuid": firm.never_open(),
        "policy_id:uuid": _one(firm, policy, f"Политика {word}"),
        "template_id:uuid": firm.add_template(f"Шаблон {word}", "Текст"),
        "item_id:uuid": _one(firm, item, f"Где {word}?"),
        "fingerprint:str": _one(firm, fault, secrets.token_hex(16)),
    }


def _one(firm: Firm, statement: str, *values: Any) -> Any:
    found = firm.row(statement, *values)
    assert found, statement
    return found[0]


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
    """Fill the holes of a route's address. A hole that is not known fails: say whose it is in `victim_of`."""
    found = route.path
    for hole in holes_of(route):
        assert hole in holes, f"{route}: whose is {hole!r}? Give the victim one, in tests/attack/victim.py"
        found = found.replace(f"{{{hole}}}", holes[hole])
    return found


def holes_of(route: Route) -> list[str]:
    """Return the holes of a route's address, as `name:kind`."""
    return [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
