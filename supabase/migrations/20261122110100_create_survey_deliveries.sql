-- Which chat a survey asks, when, and what became of it.
set lock_timeout = '5s';

create table public.survey_deliveries (
  id uuid primary key default gen_random_uuid(),
  survey_id uuid not null references public.feedback_surveys (id),
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  client_id uuid references public.clients (id) on delete set null,
  assigned_accountant_id uuid references public.users (id) on delete set null,
  schedule_id uuid references public.working_schedules (id) on delete set null,
  request_id uuid references public.client_requests (id) on delete set null,
  status text not null default 'planned',
  reason text,
  due_at timestamptz not null,
  queued_at timestamptz,
  sent_at timestamptz,
  telegram_message_id bigint,
  reminded_at timestamptz,
  people integer,
  created_at timestamptz not null default now(),
  constraint a_survey_asks_each_chat_once unique (survey_id, chat_id),
  constraint status_is_known check (status in ('planned', 'queued', 'sent', 'skipped', 'failed', 'cancelled')),
  constraint reason_is_known check (
    reason in ('cooldown', 'deleted', 'no_bot', 'opted_out', 'not_connected', 'refused', 'no_answer', 'too_late', 'closed')
  ),
  constraint what_is_not_sent_has_a_reason check ((status in ('skipped', 'failed', 'cancelled')) = (reason is not null)),
  constraint sent_means_when check ((status = 'sent') = (sent_at is not null))
);

create index deliveries_to_hand_over on public.survey_deliveries (due_at) where status = 'planned';
create index deliveries_to_remind on public.survey_deliveries (survey_id, sent_at) where status = 'sent' and reminded_at is null;
create index deliveries_handed_over on public.survey_deliveries (queued_at);
create index deliveries_of_a_chat on public.survey_deliveries (chat_id, sent_at);
create index deliveries_by_message on public.survey_deliveries (chat_id, telegram_message_id);
create index deliveries_of_a_client on public.survey_deliveries (client_id);
create index deliveries_of_an_accountant on public.survey_deliveries (assigned_accountant_id);
create index deliveries_by_schedule on public.survey_deliveries (schedule_id);
create index deliveries_for_a_request on public.survey_deliveries (request_id);

comment on table public.survey_deliveries is 'Each chat of a survey''s audience, once: planned with the survey, handed to the outbox at Telegram''s pace.';
comment on column public.survey_deliveries.id is 'Key; buttons under the message carry it.';
comment on column public.survey_deliveries.survey_id is 'The survey.';
comment on column public.survey_deliveries.chat_id is 'Telegram''s id of the chat that is asked.';
comment on column public.survey_deliveries.client_id is 'Whose chat it was when it was planned: votes there are about that client''s service.';
comment on column public.survey_deliveries.assigned_accountant_id is 'Owner of the chat when it was planned: votes there are about that person''s work.';
comment on column public.survey_deliveries.schedule_id is 'Whose working time it is sent in; null is the firm''s.';
comment on column public.survey_deliveries.request_id is 'The window whose answer is rated; null for a campaign.';
comment on column public.survey_deliveries.status is 'planned, queued (in the outbox), sent, skipped (never meant to be sent), failed or cancelled.';
comment on column public.survey_deliveries.reason is
  'Why not: cooldown, deleted, no_bot, opted_out, not_connected; refused by Telegram, no_answer from it, too_late, closed meanwhile.';
comment on column public.survey_deliveries.due_at is 'Not before this.';
comment on column public.survey_deliveries.queued_at is 'When it was handed to the outbox.';
comment on column public.survey_deliveries.sent_at is 'When Telegram took it.';
comment on column public.survey_deliveries.telegram_message_id is 'Telegram''s id of the message: a reply to it is a comment.';
comment on column public.survey_deliveries.reminded_at is 'When who did not vote was looked for, once.';
comment on column public.survey_deliveries.people is 'How many people could vote there, once the survey has ended; null before.';
comment on column public.survey_deliveries.created_at is 'When it was planned.';

alter table public.survey_deliveries enable row level security;
grant select, insert, update, delete on public.survey_deliveries to service_role;

create view private.chat_voters with (security_invoker = true) as
select k.chat_id, k.telegram_user_id
from public.chat_members as k
where not k.is_bot
  and k.status not in ('left', 'kicked')
  and not exists (select from public.users as u where u.telegram_id = k.telegram_user_id)
  -- Who has not linked the account yet is known by the name that the firm wrote down; a linked id beats it.
  and not exists (
    select from public.users as u where u.telegram_id is null and u.active and lower(u.telegram_username) = lower(k.telegram_username)
  );

comment on view private.chat_voters is 'Who could vote in each chat, as far as they are known: neither bots nor people of the firm.';

create function private.is_staff(telegram_id bigint, of_chat bigint, username text default null)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether somebody in a chat is of the firm: by the linked account, or before that by the @name that the firm wrote down, be it what the
   chat knows or what the person bears now. */
  select exists (select from public.users as u where u.telegram_id = is_staff.telegram_id)
    or exists (
      select
      from public.users as u
      where u.telegram_id is null
        and u.active
        and (
          lower(u.telegram_username) = lower(is_staff.username)
          or lower(u.telegram_username) in (
            select lower(k.telegram_username)
            from public.chat_members as k
            where k.chat_id = of_chat
              and k.telegram_user_id = is_staff.telegram_id
          )
        )
    )
$$;

create function private.asked_people(of_survey uuid default null, of_delivery uuid default null)
returns table (delivery_id uuid, people bigint)
language sql
stable
set search_path = ''
as $$
/* How many people could vote by each delivery that was sent, of a survey or of all: as it was when the survey ended, else those known now and
   those who did. */
  with sent as materialized (
    select d.id, d.survey_id, d.chat_id, d.people
    from public.survey_deliveries as d
    where d.status = 'sent'
      and (of_survey is null or d.survey_id = of_survey)
      and (of_delivery is null or d.id = of_delivery)
  ),
  known as (
    select s.id, v.telegram_user_id
    from sent as s
    join private.chat_voters as v on v.chat_id = s.chat_id
    where s.people is null
    union
    select s.id, r.telegram_user_id
    from sent as s
    join public.feedback_responses as r on r.survey_id = s.survey_id and r.chat_id = s.chat_id
    where s.people is null
      and r.superseded_at is null
      and r.rating is not null
  )
  select s.id, coalesce(s.people, count(k.telegram_user_id))
  from sent as s
  left join known as k on k.id = s.id
  group by s.id, s.people
$$;

grant select on private.chat_voters to service_role;
grant execute on function private.is_staff(bigint, bigint, text), private.asked_people(uuid, uuid) to service_role;
