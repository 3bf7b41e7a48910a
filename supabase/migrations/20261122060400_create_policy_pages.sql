-- What the pages of policies show, and what a policy would do with a message: reckoned by the functions that the sweep reckons with.
set lock_timeout = '5s';

create view api.policy_list with (security_invoker = true) as
select
  p.id,
  p.name,
  p.tier,
  p.version,
  p.target_minutes,
  p.warn_percent,
  p.around_the_clock,
  p.id = f.default_policy_id as is_default,
  private.ladder_of(p.id, p.version) as steps,
  coalesce(used.chats, 0) as chats
from public.sla_policies as p
cross join public.settings as f
left join (
  select t.policy_id, count(*) as chats
  from private.terms_in_force() as t
  join public.chats as c on c.chat_id = t.chat_id
  where c.monitoring_enabled
  group by t.policy_id
) as used on used.policy_id = p.id;

comment on view api.policy_list is 'Policies as they are now with their ladders, and how many watched chats of the reader count by them.';

create function api.policy_page(policy_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* All that the page of a policy shows: {policy, versions, stale, chats, own_chats, people, tiers}. Stale is how many open windows count by an
   earlier version; chats are the watched ones, first those of the policy (own_chats many); tiers names the policy of each tier. Null when there
   is no such policy. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'policy', to_jsonb(p),
      'versions', (
        select jsonb_agg(
          jsonb_build_object(
            'version', v.version, 'made_at', v.made_at, 'made_by', u.full_name, 'target_minutes', v.target_minutes,
            'warn_percent', v.warn_percent, 'around_the_clock', v.around_the_clock, 'steps', private.ladder_of(v.policy_id, v.version)
          )
          order by v.version desc
        )
        from (
          select * from public.sla_policy_versions as v where v.policy_id = p.id order by v.version desc limit 21
        ) as v
        left join public.users as u on u.id = v.made_by
      ),
      'stale', (
        select count(*)
        from public.client_requests as w
        where w.policy_id = p.id
          and w.closed_as is null
          and w.policy_version <> p.version
      ),
      'chats', coalesce(
        (
          select jsonb_agg(jsonb_build_object('id', x.id, 'name', x.chat_name, 'own', x.own) order by x.own desc, x.chat_name)
          from (
            select c.id, c.chat_name, t.policy_id = p.id as own
            from private.terms_in_force() as t
            join public.chats as c on c.chat_id = t.chat_id
            where c.monitoring_enabled
            order by own desc, c.chat_name
            limit 200
          ) as x
        ),
        '[]'
      ),
      'people', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', u.id, 'name', coalesce(u.full_name, ''), 'active', u.active and u.role <> 'observer',
              'reachable', u.telegram_id is not null and u.unreachable_since is null
            )
            order by u.full_name
          ),
          '[]'
        )
        from public.users as u
      ),
      'tiers', (
        select coalesce(jsonb_object_agg(o.tier, o.name), '{}')
        from public.sla_policies as o
        where o.tier is not null
          and o.id <> p.id
      )
    )
    from api.policy_list as p
    where p.id = policy_page.policy_id
  );
end
$$;

create function api.try_policy(policy_id uuid, chat uuid, said_at timestamp)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
/* What the policy, as it is now, would make of a message that a client writes in a chat at an hour of the chat's schedule:
   {chat_name, schedule, timezone, target_minutes, opened_at, warn_at, due_at, is_open, steps: [{kind, level, at, people: [{name,
   quiet_until}]}]}, as long as nobody answers. A chat's own target counts, as it does with the engine. Refuses with not_allowed,
   unknown_policy or unknown_chat. A definer, because who can be reached and when it is quiet are nobody's to read. */
declare
  terms record;
  opened_at timestamptz;
  deadline record;
begin
  perform private.expect_role('admin', 'manager');
  if not exists (select from public.sla_policies as p where p.id = try_policy.policy_id) then
    raise exception 'unknown_policy' using errcode = 'PT404';
  end if;
  select
    p.version,
    p.warn_percent,
    coalesce(c.sla_threshold_minutes, p.target_minutes) as target_minutes,
    c.chat_name,
    c.assigned_accountant_id as owner,
    s.id as schedule_id,
    s.name as schedule,
    s.timezone
  from public.chats as c
  cross join public.settings as f
  join public.sla_policies as p on p.id = try_policy.policy_id
  join public.working_schedules as s
    on s.id = case when p.around_the_clock then f.around_the_clock_schedule_id else coalesce(c.schedule_id, f.default_schedule_id) end
  where c.id = try_policy.chat
    and c.deleted_at is null
  into terms;
  if terms.schedule_id is null then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;

  opened_at := timezone(terms.timezone, said_at);
  select * from private.deadlines(terms.schedule_id, opened_at, terms.target_minutes, terms.warn_percent) into deadline;
  return jsonb_build_object(
    'chat_name', terms.chat_name,
    'schedule', terms.schedule,
    'timezone', terms.timezone,
    'target_minutes', terms.target_minutes,
    'opened_at', opened_at,
    'warn_at', deadline.warn_at,
    'due_at', deadline.due_at,
    'is_open', private.is_working_time(terms.schedule_id, opened_at),
    'steps', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('kind', s.kind, 'level', s.level, 'at', reached.at, 'people', told.people)
          order by array_position(array['warning', 'breach', 'escalation'], s.kind), s.level
        ),
        '[]'
      )
      from public.ladder_steps as s
      cross join lateral (
        select case s.kind
          when 'warning' then deadline.warn_at
          when 'breach' then deadline.due_at
          else api.add_working(terms.schedule_id, deadline.due_at, make_interval(mins => s.after_minutes))
        end as at
      ) as reached
      cross join lateral (
        select coalesce(
          jsonb_agg(
            jsonb_build_object('name', coalesce(u.full_name, g.chat_name), 'quiet_until', private.quiet_until(l.user_id, reached.at))
            order by u.full_name, g.chat_name
          ),
          '[]'
        ) as people
        from private.line_of(terms.owner, s.recipients, reached.at) as l
        left join public.users as u on u.id = l.user_id
        left join public.chats as g on l.user_id is null and g.chat_id = l.telegram_id
        where reached.at is not null
          and private.wants(l.user_id, s.kind)
      ) as told
      where s.policy_id = try_policy.policy_id
        and s.version = terms.version
    )
  );
end
$$;

grant select on api.policy_list to authenticated;
grant execute on function
  api.policy_page(uuid),
  api.try_policy(uuid, uuid, timestamp)
to authenticated;
