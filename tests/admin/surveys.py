"""What the jobs, the bot and Telegram do with a survey, done directly."""

import itertools
import secrets
from uuid import UUID

from tests.admin.firm import Chat, Firm

_people = itertools.count(7_000_000_000 + secrets.randbelow(10**9))


def stored(firm: Firm, status: str, days: tuple[str, str], name: str) -> UUID:
    """Make a survey as it stands after a while."""
    insert = (
        "insert into public.feedback_surveys (name, starts_on, ends_on, status, starts_at, closes_at, ended_at)"
        " select %s, %s::date, %s::date, s.status, now() - interval '2 hours', now() + interval '9 days',"
        " case when s.status in ('closed', 'expired') then now() end from (select %s::text as status) as s returning id"
    )
    row = firm.row(insert, name, *days, status)
    assert row
    made: UUID = row[0]
    return made


def survey_called(firm: Firm, name: str) -> UUID:
    row = firm.row("select id from public.feedback_surveys where name = %s", name)
    assert row
    found: UUID = row[0]
    return found


def delivered(firm: Firm, survey: UUID, *chats: Chat) -> None:
    """Have Telegram take the message for these chats, whatever hour it is, and whoever else carries messages."""
    for chat in chats:
        firm.run(
            "insert into public.survey_deliveries"
            " (survey_id, chat_id, client_id, assigned_accountant_id, status, due_at, sent_at)"
            " select %s, c.chat_id, c.client_id, c.assigned_accountant_id, 'sent', now(), now() from public.chats as c"
            " where c.chat_id = %s on conflict (survey_id, chat_id) do update"
            " set status = 'sent', reason = null, sent_at = now(), queued_at = null",
            *(survey, chat.id),
        )
    firm.run(
        "delete from public.outbox where kind = 'survey' and subject_id in"
        " (select d.id from public.survey_deliveries as d where d.survey_id = %s)",
        survey,
    )


def begun(firm: Firm, survey: UUID, *chats: Chat) -> None:
    """Let the survey begin as the jobs would, and reach these chats."""
    firm.run("select api.run_surveys()")
    delivered(firm, survey, *chats)
    firm.run("select api.run_surveys()")


def voted(firm: Firm, survey: UUID, chat: Chat, name: str, rating: int, comment: str = "") -> int:
    """Let a client press a star, and write what they think; return who it was."""
    who = next(_people)
    firm.run(
        "select api.vote(d.id, %s, d.chat_id, %s, %s) from public.survey_deliveries as d"
        " where d.survey_id = %s and d.chat_id = %s",
        *(who, rating, name, survey, chat.id),
    )
    if comment:
        firm.run("select api.comment_vote(%s, %s)", who, comment)
    return who
