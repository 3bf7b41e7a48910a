-- Who did not vote is reminded once, so that nobody else can tell who did.
set lock_timeout = '5s';

-- A reminder goes to the person alone, who has a private chat with the bot: in the group it would tell who voted by not coming.
-- squawk-ignore ban-drop-constraint
alter table public.outbox drop constraint what_clients_get_goes_to_their_group;
-- squawk-ignore constraint-missing-not-valid
alter table public.outbox add constraint what_clients_get_goes_to_their_group check (
  is_internal is not null or recipient_chat_id < 0 or kind = 'survey_reminder'
);

create or replace function private.refuse_strangers()
returns trigger
language plpgsql
set search_path = ''
as $$
/* The other half of «never to a client»: a private recipient must be a person of the firm (E13), or have been one whose messages are all
   over (private.chance_id). A reminder of a survey is no alert, and goes to clients who talk with the bot. */
begin
  if new.recipient_chat_id >= 4000000000000000000 and new.finished_at is not null and new.status not in ('pending', 'sending') then
    return new;
  elsif new.kind = 'survey_reminder' and exists (
    select from public.chats as c where c.chat_id = new.recipient_chat_id and c.type = 'private'
  ) then
    return new;
  elsif new.recipient_chat_id > 0 and not exists (
    select from public.users as u where u.telegram_id = new.recipient_chat_id
  ) then
    raise exception 'alert_to_a_stranger' using errcode = 'PT422', constraint = 'an_alert_goes_to_the_firms_people_only';
  end if;
  return new;
end
$$;

create function private.forget_reminder()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* That somebody was reminded says that the person had not voted: nothing of it stays. A definer, because messages are not deleted
   otherwise. */
begin
  delete from public.outbox as o where o.id = new.id;
  return null;
end
$$;

create trigger outbox_forgets_reminders
after update of status on public.outbox
for each row when (new.kind = 'survey_reminder' and new.status not in ('pending', 'sending'))
execute function private.forget_reminder();

create function private.drop_reminders(delivery public.survey_deliveries, telegram_id bigint, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
/* Who has voted is not reminded any more (H2). */
  update public.outbox as o
  set status = 'cancelled', finished_at = as_of
  where o.recipient_chat_id in (delivery.chat_id, drop_reminders.telegram_id)
    and o.kind = 'survey_reminder'
    and o.status = 'pending'
    and o.payload ->> 'survey' = delivery.survey_id::text
$$;

create function private.reminds_since(survey public.feedback_surveys, as_of timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
/* What was sent up to then is to be reminded of; null where nothing is: no reminders, ratings of single answers, or an hour before the
   end. */
  select as_of - make_interval(days => f.survey_reminder_days)
  from public.settings as f
  where f.id
    and survey.kind = 'campaign'
    and survey.stopped_at is null
    and survey.closes_at > as_of + interval '1 hour'
$$;

create function private.has_to_remind(survey public.feedback_surveys, as_of timestamptz)
returns boolean
language sql
stable
set search_path = ''
as $$
/* Whether there is a delivery whose people are to be looked at. */
  select exists (
    select
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'sent'
      and d.reminded_at is null
      and d.sent_at <= private.reminds_since(survey, as_of)
  )
$$;

create function private.whom_to_remind(delivery public.survey_deliveries)
returns setof bigint
language sql
stable
set search_path = ''
as $$
/* Telegram's chats in which to remind: of at least three people of whom none has voted the group itself; else, in private, each who never
   voted in this survey, has a chat with the bot, and was not looked at with another chat already. */
  with people as materialized (
    select v.telegram_user_id as id from private.chat_voters as v where v.chat_id = delivery.chat_id
  ),
  is_silent as materialized (
    select
      (select count(*) from people as p) >= 3
      and not exists (
        select from public.feedback_responses as r where r.survey_id = delivery.survey_id and r.chat_id = delivery.chat_id
      ) as yes
  )
  select delivery.chat_id
  from is_silent as s
  where s.yes
  union all
  select p.id
  from people as p
  join public.chats as c on c.chat_id = p.id and c.type = 'private' and c.deleted_at is null
  where (c.bot_status in ('left', 'kicked')) is not true
    and not (select s.yes from is_silent as s)
    and not exists (
      select from public.feedback_responses as r where r.survey_id = delivery.survey_id and r.telegram_user_id = p.id
    )
    and not exists (
      select
      from public.survey_deliveries as earlier
      join public.chat_members as k on k.chat_id = earlier.chat_id and k.telegram_user_id = p.id
      where earlier.survey_id = delivery.survey_id
        and earlier.id <> delivery.id
        and earlier.reminded_at is not null
    )
$$;

create function private.remind(survey public.feedback_surveys, as_of timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
/* Reminds where it is time and working time, a few chats at once, and returns how many messages that hands over. */
declare
  delivery public.survey_deliveries;
  awake uuid[];
  handed integer := 0;
  more integer;
begin
  if not private.has_to_remind(survey, as_of) then
    return 0;
  end if;
  with schedules as materialized (
    select distinct d.schedule_id
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'sent'
      and d.reminded_at is null
  )
  select array_agg(s.schedule_id)
  from schedules as s
  where private.waking_hour(s.schedule_id, as_of) = as_of
  into awake;
  for delivery in
    select d.*
    from public.survey_deliveries as d
    where d.survey_id = survey.id
      and d.status = 'sent'
      and d.reminded_at is null
      and d.sent_at <= private.reminds_since(survey, as_of)
      and array_position(awake, d.schedule_id) is not null
    order by d.sent_at, d.id
    limit 5
    for update of d skip locked
  loop
    insert into public.outbox (kind, recipient_chat_id, subject_id, payload, next_attempt_at, expires_at, created_at)
    select
      'survey_reminder', w.chat_id, delivery.id, private.survey_facts(delivery, true), as_of,
      least(as_of + interval '1 hour', private.hours_end(delivery.schedule_id, as_of)), as_of
    from private.whom_to_remind(delivery) as w (chat_id)
    on conflict do nothing;
    get diagnostics more = row_count;
    handed := handed + more;
    update public.survey_deliveries as d set reminded_at = as_of where d.id = delivery.id;
  end loop;
  return handed;
end
$$;

grant execute on function
  private.drop_reminders(public.survey_deliveries, bigint, timestamptz),
  private.reminds_since(public.feedback_surveys, timestamptz),
  private.has_to_remind(public.feedback_surveys, timestamptz),
  private.whom_to_remind(public.survey_deliveries),
  private.remind(public.feedback_surveys, timestamptz)
to service_role;
