-- Low ratings: managers know at once, and each is looked after until it is settled.
set lock_timeout = '5s';

create table public.feedback_cases (
  id uuid primary key default gen_random_uuid(),
  survey_id uuid not null references public.feedback_surveys (id),
  chat_id bigint not null references public.chats (chat_id) on update cascade on delete cascade,
  response_id uuid not null references public.feedback_responses (id),
  lowest integer not null,
  opened_at timestamptz not null,
  alerted_at timestamptz not null,
  owner_id uuid references public.users (id) on delete set null,
  note text,
  resolution text,
  resolved_at timestamptz,
  resolved_by uuid references public.users (id) on delete set null,
  constraint note_fits_one_message check (length(note) <= 4096),
  constraint resolution_is_known check (resolution in ('talked', 'mended', 'no_action')),
  constraint resolved_means_how check ((resolved_at is null) = (resolution is null))
);

create unique index one_case_per_vote on public.feedback_cases (response_id);
create index cases_of_a_survey on public.feedback_cases (survey_id);
create index cases_of_a_chat on public.feedback_cases (chat_id);
create index cases_of_an_owner on public.feedback_cases (owner_id);
create index cases_resolved_by on public.feedback_cases (resolved_by);
create index cases_in_order on public.feedback_cases (opened_at);

comment on table public.feedback_cases is 'Clients who were not content: one case per person, chat and survey, until somebody has looked after it.';
comment on column public.feedback_cases.id is 'Key.';
comment on column public.feedback_cases.survey_id is 'The survey.';
comment on column public.feedback_cases.chat_id is 'Telegram''s id of the chat.';
comment on column public.feedback_cases.response_id is 'The latest low vote of the person; who that is, the vote says.';
comment on column public.feedback_cases.lowest is 'Fewest stars that the person gave.';
comment on column public.feedback_cases.opened_at is 'When the first low vote came.';
comment on column public.feedback_cases.alerted_at is 'When managers were last told of stars; within an hour they are not told again.';
comment on column public.feedback_cases.owner_id is 'Who looks after it.';
comment on column public.feedback_cases.note is 'What the owner found out.';
comment on column public.feedback_cases.resolution is 'talked (with the client), mended (what was wrong) or no_action; null while open.';
comment on column public.feedback_cases.resolved_at is 'When it was settled.';
comment on column public.feedback_cases.resolved_by is 'By whom.';

alter table public.feedback_cases enable row level security;
grant select, insert, update on public.feedback_cases to service_role;

create trigger feedback_cases_audited after update of owner_id, note, resolution on public.feedback_cases
for each row execute function private.record_change('note');

create function private.vote_of_case(of_case public.feedback_cases)
returns public.feedback_responses
language sql
stable
set search_path = ''
as $$
/* What the person of a case says now: the live row, which has no rating once withdrawn; the low vote itself where it counts by nobody. */
  select now_says.*
  from public.feedback_responses as low
  join public.feedback_responses as now_says
    on now_says.id = low.id
    or (
      now_says.survey_id = low.survey_id
      and now_says.chat_id = low.chat_id
      and now_says.telegram_user_id = low.telegram_user_id
      and now_says.superseded_at is null
    )
  where low.id = of_case.response_id
  order by now_says.superseded_at nulls first
  limit 1
$$;

create function private.case_facts(message public.outbox)
returns jsonb
language sql
stable
set search_path = ''
as $$
/* What a manager reads of a low rating, as it is when it is sent. */
  select jsonb_build_object(
    'case', k.id,
    'survey', s.name,
    'chat_name', c.chat_name,
    'chat_url', private.chat_link(c.chat_id, 0, 0),
    'client_name', (select n.name from public.clients as n where n.id = v.client_id),
    'accountant_name', (select u.full_name from public.users as u where u.id = v.assigned_accountant_id),
    'voter_name', v.voter_name,
    'rating', v.rating,
    'comment', v.comment,
    'is_comment_news', coalesce((message.payload ->> 'is_comment_news')::boolean, false),
    'timezone', private.firm_zone(),
    'voted_at', v.created_at
  )
  from public.feedback_cases as k
  cross join lateral private.vote_of_case(k) as v
  join public.feedback_surveys as s on s.id = k.survey_id
  join public.chats as c on c.chat_id = k.chat_id
  where k.id = message.subject_id
$$;

create function private.managers_of(owner uuid)
returns table (telegram_id bigint, user_id uuid)
language sql
stable
set search_path = ''
as $$
/* Who is told with names what clients think of an owner's work: the owner's managers, else all, else the head, else admins; whoever can be
   reached and may know. Nobody stands in for them: an accountant would learn who voted. */
  with reachable as (
    select u.id, u.telegram_id, u.role
    from public.users as u
    where u.active
      and u.telegram_id is not null
      and u.unreachable_since is null
      and u.role in ('admin', 'manager')
  ),
  line (rank, id, telegram_id) as (
    select 1, r.id, r.telegram_id
    from public.manager_accountants as m
    join reachable as r on r.id = m.manager_id
    where m.accountant_id = owner
    union all
    select 2, r.id, r.telegram_id
    from reachable as r
    where r.role = 'manager'
    union all
    select 3, r.id, r.telegram_id
    from public.settings as f
    join reachable as r on r.id = f.head_id
    union all
    select 4, r.id, r.telegram_id
    from reachable as r
    where r.role = 'admin'
  )
  select l.telegram_id, l.id
  from line as l
  where l.rank = (select min(first.rank) from line as first)
$$;

create function private.tell_of_case(of_case uuid, is_comment_news boolean, as_of timestamptz)
returns void
language sql
set search_path = ''
as $$
/* Owes managers word of a low rating, or of the comment to it: at once, but not in anybody's quiet hours. One that is not sent yet will say
   all there is then. */
  insert into public.outbox as o (kind, recipient_chat_id, subject_id, payload, next_attempt_at, created_at)
  select
    'low_rating', p.telegram_id, k.id, jsonb_build_object('is_comment_news', is_comment_news),
    coalesce(private.quiet_until(p.user_id, as_of), as_of), as_of
  from public.feedback_cases as k
  join public.feedback_responses as v on v.id = k.response_id
  cross join lateral private.managers_of(v.assigned_accountant_id) as p
  where k.id = of_case
  on conflict (recipient_chat_id, subject_id, kind) where finished_at is null do update set
    revision = o.revision + 1,
    payload = case when o.status = 'pending' then o.payload else excluded.payload end,
    status = case when o.status = 'sending' then 'sending' else 'pending' end,
    attempts = case when o.status = 'sending' then o.attempts else 0 end,
    next_attempt_at = case when o.status = 'sending' then o.next_attempt_at else excluded.next_attempt_at end
$$;

create function private.heed_vote()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* So few stars that managers are told (H3): opens the person's case, or goes on with it. Further lowering within the hour is not told again,
   a comment is. A definer, because cases are written by nobody else. */
declare
  before public.feedback_responses;
  open_case public.feedback_cases;
begin
  if new.rating is null or new.rating > (select f.low_rating_threshold from public.settings as f where f.id) then
    return null;
  end if;
  select r.*
  from public.feedback_responses as r
  where r.survey_id = new.survey_id
    and r.chat_id = new.chat_id
    and r.telegram_user_id = new.telegram_user_id
    and r.superseded_at = new.created_at
  into before;
  select k.*
  from public.feedback_cases as k
  join public.feedback_responses as r on r.id = k.response_id
  where k.survey_id = new.survey_id
    and k.chat_id = new.chat_id
    and r.telegram_user_id = new.telegram_user_id
  into open_case;

  if open_case.id is null then
    insert into public.feedback_cases (survey_id, chat_id, response_id, lowest, opened_at, alerted_at)
    values (new.survey_id, new.chat_id, new.id, new.rating, new.created_at, new.created_at)
    returning id into open_case.id;
    perform private.tell_of_case(open_case.id, false, new.created_at);
    return null;
  end if;
  update public.feedback_cases as k
  set response_id = new.id, lowest = least(k.lowest, new.rating)
  where k.id = open_case.id;
  if before.rating is distinct from new.rating and open_case.alerted_at <= new.created_at - interval '1 hour' then
    update public.feedback_cases as k
    set alerted_at = new.created_at, resolution = null, resolved_at = null, resolved_by = null
    where k.id = open_case.id;
    perform private.tell_of_case(open_case.id, false, new.created_at);
  elsif new.comment is distinct from before.comment and new.comment is not null then
    perform private.tell_of_case(open_case.id, true, new.created_at);
  end if;
  return null;
end
$$;

create trigger feedback_responses_heeded
after insert on public.feedback_responses
for each row execute function private.heed_vote();

create function private.case_to_settle(of_case uuid)
returns public.feedback_cases
language plpgsql
set search_path = ''
as $$
/* A case, held until the transaction ends. Refuses with case_not_found. */
declare
  found public.feedback_cases;
begin
  select k.* into found from public.feedback_cases as k where k.id = of_case for update;
  if found.id is null then
    raise exception 'case_not_found' using errcode = 'PT404';
  end if;
  return found;
end
$$;

create function api.take_case(id uuid, telegram_id bigint default null, instead_of uuid default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Whoever asks looks after a case from now on (telegram_id when the service asks for somebody); from somebody else who does it is taken only
   by who knows that, and says whom. For admins and managers; refuses with not_allowed, case_not_found, case_is_resolved and case_is_taken,
   whose detail is the name of who has it. A definer, because cases are not written by hand. */
declare
  person constant public.users := private.surveyor(telegram_id);
  found constant public.feedback_cases := private.case_to_settle(take_case.id);
  owner public.users;
begin
  select u.* into owner from public.users as u where u.id = found.owner_id and u.active and u.role in ('admin', 'manager');
  if found.resolved_at is not null then
    raise exception 'case_is_resolved' using errcode = 'PT409';
  elsif owner.id <> person.id and owner.id is distinct from take_case.instead_of then
    raise exception 'case_is_taken' using errcode = 'PT409', detail = coalesce(owner.full_name, '');
  end if;
  update public.feedback_cases as k set owner_id = person.id where k.id = found.id and k.owner_id is distinct from person.id;
end
$$;

create function api.note_case(id uuid, note text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Keeps what was found out, in place of what was noted before; whoever notes first looks after it. For admins and managers; refuses with
   not_allowed, case_not_found and note_is_too_long. A definer, because cases are not written by hand. */
declare
  person constant public.users := private.surveyor();
  found constant public.feedback_cases := private.case_to_settle(note_case.id);
begin
  if length(note_case.note) > 4096 then
    raise exception 'note_is_too_long' using errcode = 'PT422';
  end if;
  update public.feedback_cases as k
  set note = nullif(btrim(note_case.note), ''), owner_id = coalesce(k.owner_id, person.id)
  where k.id = found.id;
end
$$;

create function api.resolve_case(id uuid, resolution text, note text default null)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Settles a case: talked, mended or no_action. A note takes the place of the earlier one. For admins and managers; refuses with not_allowed,
   case_not_found, case_is_resolved, resolution_is_known and note_is_too_long. A definer, because cases are not written by hand. */
declare
  person constant public.users := private.surveyor();
  found constant public.feedback_cases := private.case_to_settle(resolve_case.id);
begin
  if found.resolved_at is not null then
    raise exception 'case_is_resolved' using errcode = 'PT409';
  elsif (resolve_case.resolution in ('talked', 'mended', 'no_action')) is not true then
    raise exception 'resolution_is_known' using errcode = 'PT422';
  elsif resolve_case.note is not null then
    perform api.note_case(found.id, resolve_case.note);
  end if;
  update public.feedback_cases as k
  set
    resolution = resolve_case.resolution, resolved_at = now(), resolved_by = person.id, owner_id = coalesce(k.owner_id, person.id)
  where k.id = found.id;
end
$$;

create function api.reopen_case(id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* A case that was settled too soon is open again. For admins and managers; refuses with not_allowed and case_not_found. A definer, because
   cases are not written by hand. */
declare
  found public.feedback_cases;
begin
  perform private.surveyor();
  found := private.case_to_settle(reopen_case.id);
  update public.feedback_cases as k
  set resolution = null, resolved_at = null, resolved_by = null
  where k.id = found.id
    and k.resolved_at is not null;
end
$$;

create view private.case_rows with (security_invoker = true) as
select
  k.id, k.survey_id, s.name as survey_name, c.id as chat, k.chat_id, c.chat_name, n.name as client_name,
  v.assigned_accountant_id as accountant_id, a.full_name as accountant_name, v.voter_name, v.rating, k.lowest, v.comment, k.opened_at,
  k.alerted_at, k.owner_id, o.full_name as owner_name, k.note, k.resolution, k.resolved_at, k.resolved_by
from public.feedback_cases as k
cross join lateral private.vote_of_case(k) as v
join public.feedback_surveys as s on s.id = k.survey_id
join public.chats as c on c.chat_id = k.chat_id
left join public.clients as n on n.id = v.client_id
left join public.users as a on a.id = v.assigned_accountant_id
left join public.users as o on o.id = k.owner_id;

comment on view private.case_rows is 'Clients who were not content, with what became of it, for those who run the firm.';

grant execute on function
  private.vote_of_case(public.feedback_cases),
  private.case_facts(public.outbox),
  private.managers_of(uuid),
  private.tell_of_case(uuid, boolean, timestamptz),
  private.case_to_settle(uuid)
to service_role;
grant execute on function api.take_case(uuid, bigint, uuid) to authenticated, service_role;
grant execute on function
  api.note_case(uuid, text),
  api.resolve_case(uuid, text, text),
  api.reopen_case(uuid)
to authenticated;
