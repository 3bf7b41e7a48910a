-- The chats and clients of the reader as the admin lists them, one chat with all that is set and amiss there, and what was written in it.
set lock_timeout = '5s';

create function private.terms_in_force()
returns table (chat_id bigint, policy_id uuid, schedule_id uuid, target_minutes integer)
language plpgsql
stable
security definer
set search_path = ''
as $$
/* By what each chat is measured. A definer: asked as the reader, four tables would be searched once per chat for what the reader may see
   there, to tell what is no secret. Of all chats at once, for that takes a millisecond, and with a choice of them the plan is a guess. */
#variable_conflict use_column
begin
  return query
  select t.chat_id, t.policy_id, t.schedule_id, t.target_minutes
  from private.chat_terms as t;
end
$$;

create function private.terms_in_force(of_chats bigint[])
returns table (chat_id bigint, policy_id uuid, schedule_id uuid, target_minutes integer)
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* The same of a page of chats. A definer for the same reason. */
#variable_conflict use_column
begin
  return query
  select t.chat_id, t.policy_id, t.schedule_id, t.target_minutes
  from private.chat_terms as t
  where t.chat_id = any (of_chats);
end
$$;

grant execute on function private.terms_in_force(), private.terms_in_force(bigint[]) to authenticated, service_role;

create function private.has_words(texts text[], words text)
returns boolean
language sql
immutable
set search_path = ''
as $$
/* Whether every word asked for is in one of the texts, in whatever case. */
  select not exists (
    select
    from regexp_split_to_table(lower(btrim(words)), '\s+') as w (word)
    where position(w.word in lower(array_to_string(texts, ' '))) = 0
  )
$$;

create function private.gravity(fix text)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
/* Which fix comes first of several that are equally urgent: what stops everything before what stops a part. */
begin
  return coalesce(
    array_position(
      array[
        'add_bot', 'let_bot_read', 'connect_chat', 'assign_owner', 'link_telegram', 'start_bot_in_private', 'make_somebody_reachable',
        'give_schedule_hours', 'name_recipients', 'switch_monitoring_on', 'check_bot', 'decide_who_speaks_as_group', 'write_a_message',
        'ask_whether_still_used'
      ],
      fix
    ),
    99
  );
end
$$;

create function private.chat_lights(of_chat bigint)
returns table (chat_id bigint, light text, fix text)
language plpgsql
stable
set search_path = ''
as $$
/* The worst that is found of one group, or with null of each, and what mends it first. */
#variable_conflict use_column
begin
  return query
  select
    f.chat_id,
    case when bool_or(f.state = 'red') then 'red' when bool_or(f.state = 'amber') then 'amber' else 'green' end,
    (array_agg(f.fix order by f.state = 'red' desc, private.gravity(f.fix)) filter (where f.state <> 'green'))[1]
  from private.chat_findings(now(), of_chat, only_amiss => true) as f
  group by f.chat_id;
end
$$;

create function api.list_chats(
  words text default '',
  light text default null,
  owner_id uuid default null,
  client_id uuid default null,
  watched text default null,
  after jsonb default null,
  most integer default 50
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* {counts, owners, rows} of the groups that the reader sees, what is worst first. counts: {red, amber, green, off}, over all rows that
   fit but for the light. owners: [{id, name}] of whom the reader sees chats. A row: {id, chat_name, client, client_id, tier, accountant,
   policy, schedule, light, fix, is_watched, is_internal, last_message_at, waiting, rank}; light is off of a
   group that is deleted or concerns nobody. watched narrows to monitored, off, unconnected or deleted, null to all but deleted; owner_id
   of nought names those without owner; after is {rank, chat_name, id} of the last row seen. */
#variable_conflict use_column
begin
  return (
    with lights as materialized (
      select * from private.chat_lights(null)
    ),
    seen as materialized (
      select
        c.id,
        c.chat_id,
        c.chat_name,
        c.client_id,
        c.assigned_accountant_id,
        c.monitoring_enabled,
        c.internal,
        c.connected_at,
        c.deleted_at,
        l.light is not null as is_checked,
        coalesce(l.light, 'off') as light,
        l.fix,
        coalesce(array_position(array['red', 'amber', 'green'], l.light), 4) as rank
      from public.chats as c
      left join lights as l on l.chat_id = c.chat_id
      where c.type in ('group', 'supergroup')
    ),
    -- Apart, because how few these filters leave is a guess, by which the light of each chat would be looked for in all of them.
    fitting as materialized (
      select c.*
      from seen as c
      where case list_chats.watched
          when 'deleted' then c.deleted_at is not null
          when 'monitored' then c.monitoring_enabled
          when 'off' then not c.monitoring_enabled and c.deleted_at is null and c.connected_at is not null
          when 'unconnected' then c.connected_at is null and c.deleted_at is null and c.is_checked
          else c.deleted_at is null and (c.is_checked or c.connected_at is not null)
        end
        and (
          list_chats.owner_id is null
          or c.assigned_accountant_id = list_chats.owner_id
          or list_chats.owner_id = '00000000-0000-0000-0000-000000000000' and c.assigned_accountant_id is null
        )
        and (list_chats.client_id is null or c.client_id = list_chats.client_id)
        and (
          list_chats.words = ''
          or private.has_words(
            array[c.chat_name, (select k.name from public.clients as k where k.id = c.client_id)], list_chats.words
          )
        )
    ),
    page as materialized (
      select f.*
      from fitting as f
      where (list_chats.light is null or f.light = list_chats.light)
        and (
          list_chats.after is null
          or (f.rank, lower(f.chat_name), f.id) > (
            (list_chats.after ->> 'rank')::integer, lower(list_chats.after ->> 'chat_name'), (list_chats.after ->> 'id')::uuid
          )
        )
      order by f.rank, lower(f.chat_name), f.id
      limit list_chats.most
    )
    select jsonb_build_object(
      'counts', (
        select jsonb_build_object(
          'red', count(*) filter (where f.light = 'red'),
          'amber', count(*) filter (where f.light = 'amber'),
          'green', count(*) filter (where f.light = 'green'),
          'off', count(*) filter (where f.light = 'off')
        )
        from fitting as f
      ),
      'owners', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
        from public.users as u
        where u.id in (select c.assigned_accountant_id from public.chats as c where c.deleted_at is null)
      ),
      'rows', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', p.id,
              'chat_name', p.chat_name,
              'client', k.name,
              'client_id', p.client_id,
              'tier', k.tier,
              'accountant', u.full_name,
              'policy', y.name,
              'schedule', s.name,
              'light', p.light,
              'fix', p.fix,
              'is_watched', p.monitoring_enabled,
              'is_internal', p.internal,
              'last_message_at', (select max(t.last_message_at) from public.chat_topics as t where t.chat_id = p.chat_id),
              'waiting', (select count(*) from public.client_requests as w where w.chat_id = p.chat_id and w.closed_as is null),
              'rank', p.rank
            )
            order by p.rank, lower(p.chat_name), p.id
          ),
          '[]'
        )
        from page as p
        left join public.clients as k on k.id = p.client_id
        left join public.users as u on u.id = p.assigned_accountant_id
        join private.terms_in_force(array(select x.chat_id from page as x)) as t on t.chat_id = p.chat_id
        join public.sla_policies as y on y.id = t.policy_id
        join public.working_schedules as s on s.id = t.schedule_id
      )
    )
  );
end
$$;

create function api.chat_offers()
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
/* What an admin or manager may choose for a chat: {owners, policies, schedules, clients} as [{id, name}]; policies of a tier are left out,
   they follow from the client, and so are schedules that are put away. Refuses with not_allowed. A definer, because whose work a
   manager runs is not for all to read. */
declare
  keeper constant public.users := private.chat_keeper(null);
  team constant uuid[] := private.team_of(keeper);
begin
  return jsonb_build_object(
    'owners', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id
        ),
        '[]'
      )
      from public.users as u
      where u.id = any (team)
    ),
    'policies', (
      select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) order by p.name, p.id), '[]')
      from public.sla_policies as p
      where p.tier is null
    ),
    'schedules', (
      select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name) order by s.name, s.id), '[]')
      from public.working_schedules as s
      where s.archived_at is null
    ),
    'clients', (
      select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'name', k.name) order by k.name, k.id), '[]')
      from public.clients as k
      where k.erased_at is null
    )
  );
end
$$;

create function api.chat_card(id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* A group as its page shows it: {chat, client, owner, terms, findings, figures, members, segments, bot_username}. chat is the row
   itself; terms {policy, schedule, target_minutes, off_hours_reply} are those in force; findings what is worst first, each {check,
   state, fix, since}; figures are what api.sla_report says of thirty days, with all who wait; members are empty to observers. Refuses
   with unknown_chat, also of one that the reader does not see. */
declare
  here public.chats;
begin
  select c.* into here from public.chats as c where c.id = chat_card.id and c.type in ('group', 'supergroup');
  if here.id is null then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    -- As text: it is beyond what every reader of JSON counts exactly.
    'chat', to_jsonb(here) || jsonb_build_object('chat_id', here.chat_id::text, 'migrated_from', here.migrated_from::text),
    'client', (
      select jsonb_build_object('id', k.id, 'name', k.name, 'tier', k.tier) from public.clients as k where k.id = here.client_id
    ),
    'owner', (
      select jsonb_build_object('id', u.id, 'name', u.full_name, 'active', u.active)
      from public.users as u
      where u.id = here.assigned_accountant_id
    ),
    'terms', (
      select jsonb_build_object(
        'policy', p.name, 'schedule', s.name, 'target_minutes', t.target_minutes,
        'off_hours_reply', coalesce(here.off_hours_reply, (select f.off_hours_reply from public.settings as f))
      )
      from private.terms_in_force(array[here.chat_id]) as t
      join public.sla_policies as p on p.id = t.policy_id
      join public.working_schedules as s on s.id = t.schedule_id
    ),
    'findings', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object('check', f."check", 'state', f.state, 'fix', f.fix, 'since', f.since)
          order by array_position(array['red', 'amber', 'green'], f.state), private.gravity(f.fix), f."check"
        ),
        '[]'
      )
      from private.chat_findings(now(), here.chat_id) as f
    ),
    'figures', (
      select to_jsonb(r) || jsonb_build_object(
        'waiting', (select count(*) from public.client_requests as w where w.chat_id = here.chat_id and w.closed_as is null)
      )
      -- The whole beside its only part comes without the waits that took longest.
      from api.sla_report(now() - interval '30 days', 'infinity', 'chat', chat => here.chat_id, whole => true) as r
      where r.key = 'firm'
    ),
    'members', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'name', coalesce(u.full_name, m.full_name),
            'username', m.telegram_username,
            'status', m.status,
            'is_bot', m.is_bot,
            'is_staff', u.id is not null
          )
          order by u.id is null, m.is_bot, m.full_name, m.telegram_user_id
        ),
        '[]'
      )
      from public.chat_members as m
      left join public.users as u on u.telegram_id = m.telegram_user_id
      where m.chat_id = here.chat_id
        and m.status not in ('left', 'kicked')
    ),
    'segments', (
      select coalesce(jsonb_agg(s.name order by s.name), '[]')
      from public.chat_segments as s
      join public.chat_segment_chats as x on x.segment_id = s.id
      where x.chat_id = here.chat_id
    ),
    'bot_username', (select f.bot_username from public.settings as f)
  );
end
$$;

create function api.find_messages(
  chat uuid, words text default '', before jsonb default null, most integer default 50, depth integer default 5000
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* {messages, next} of a group, the latest first, of all its topics: each message in its latest version, as {chat_id, message_id, at,
   author_name, is_staff, is_bot, kind, text, edited_at, has_file}. With words, those that Russian full-text search finds among the `depth`
   messages before `before`; next is {at, id} from where to go on, null when that was all. Empty to who may not read messages. Refuses with
   unknown_chat. */
declare
  here public.chats;
  wanted constant tsquery := websearch_to_tsquery('russian', words);
  found jsonb;
  edge jsonb;
begin
  select c.* into here from public.chats as c where c.id = find_messages.chat and c.type in ('group', 'supergroup');
  if here.id is null then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  with latest as materialized (
    select x.*
    from public.chat_topics as t
    cross join lateral (
      select m.message_id, m.telegram_date
      from public.chat_messages as m
      where m.chat_id = here.chat_id
        and m.topic_id = t.topic_id
        and m.edit_version = 0
        and (before is null or (m.telegram_date, m.message_id) < ((before ->> 'at')::timestamptz, (before ->> 'id')::bigint))
        -- Said beside the row's own comparison, which leaves no month out.
        and (before is null or m.telegram_date <= (before ->> 'at')::timestamptz)
      order by m.telegram_date desc, m.message_id desc
      limit case when btrim(words) = '' then most + 1 else depth + 1 end
    ) as x
    where t.chat_id = here.chat_id
    order by x.telegram_date desc, x.message_id desc
    limit case when btrim(words) = '' then most + 1 else depth + 1 end
  ),
  versions as materialized (
    select row_number() over (order by l.telegram_date desc, l.message_id desc) as nth, v.*
    from latest as l
    cross join lateral (
      select m.*, coalesce(m.message_text, m.caption) as words
      from public.chat_messages as m
      where m.chat_id = here.chat_id
        and m.message_id = l.message_id
        and m.telegram_date = l.telegram_date
      order by m.edited_at desc nulls last, m.update_id desc
      limit 1
    ) as v
  ),
  fitting as (
    select row_number() over (order by v.nth) as place, v.*
    from versions as v
    where btrim(find_messages.words) = ''
      or to_tsvector('russian', coalesce(v.words, '')) @@ wanted
    order by v.nth
    limit most + 1
  )
  select
    (
      select jsonb_agg(
        jsonb_build_object(
          'chat_id', f.chat_id::text, 'message_id', f.message_id, 'at', f.telegram_date, 'author_name', f.author_name,
          'is_staff', f.is_staff, 'is_bot', f.is_bot, 'kind', f.kind, 'text', f.words,
          'edited_at', f.edited_at, 'has_file', f.media_file_id is not null
        )
        order by f.nth
      ) filter (where f.place <= most)
      from fitting as f
    ),
    coalesce(
      (
        select jsonb_build_object('at', f.telegram_date, 'id', f.message_id)
        from fitting as f
        where f.place = most and (select max(g.place) from fitting as g) > most
      ),
      (
        select jsonb_build_object('at', v.telegram_date, 'id', v.message_id)
        from versions as v
        where btrim(find_messages.words) <> '' and v.nth = depth and (select count(*) from versions) > depth
      )
    )
  into found, edge;

  return jsonb_build_object('messages', coalesce(found, '[]'), 'next', edge);
end
$$;

create function api.list_clients(
  words text default '',
  tier text default null,
  segment_id uuid default null,
  after jsonb default null,
  most integer default 50
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* {total, rows, segments} of the clients that the reader sees, by name; those whose data are erased come last. A row: {id, name, tier,
   erased_at, chats, chat_names (three at most), segments, waiting}; segments beside it are all that the reader may filter by, [{id, name}];
   after is {erased, name, id} of the last row seen. */
#variable_conflict use_column
begin
  return (
    with fitting as materialized (
      select k.*
      from public.clients as k
      where (list_clients.tier is null or k.tier = list_clients.tier)
        and (
          list_clients.segment_id is null
          or exists (
            select
            from public.chats as c
            join public.chat_segment_chats as x on x.chat_id = c.chat_id
            where c.client_id = k.id
              and x.segment_id = list_clients.segment_id
          )
        )
        and (
          list_clients.words = ''
          or private.has_words(
            array[k.name] || array(select c.chat_name from public.chats as c where c.client_id = k.id and c.deleted_at is null),
            list_clients.words
          )
        )
    ),
    page as (
      select f.*
      from fitting as f
      where list_clients.after is null
        or (f.erased_at is not null, lower(f.name), f.id) > (
          (list_clients.after ->> 'erased')::boolean, lower(list_clients.after ->> 'name'), (list_clients.after ->> 'id')::uuid
        )
      order by f.erased_at is not null, lower(f.name), f.id
      limit list_clients.most
    )
    select jsonb_build_object(
      'total', (select count(*) from fitting),
      'rows', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', p.id,
              'name', p.name,
              'tier', p.tier,
              'erased_at', p.erased_at,
              'chats', (select count(*) from public.chats as c where c.client_id = p.id and c.deleted_at is null),
              'chat_names', array(
                select c.chat_name from public.chats as c where c.client_id = p.id and c.deleted_at is null order by c.chat_name limit 3
              ),
              'segments', array(
                select distinct s.name
                from public.chats as c
                join public.chat_segment_chats as x on x.chat_id = c.chat_id
                join public.chat_segments as s on s.id = x.segment_id
                where c.client_id = p.id
                  and c.deleted_at is null
                order by s.name
              ),
              'waiting', (
                select count(*)
                from public.chats as c
                join public.client_requests as w on w.chat_id = c.chat_id and w.closed_as is null
                where c.client_id = p.id
              )
            )
            order by p.erased_at is not null, lower(p.name), p.id
          ),
          '[]'
        )
        from page as p
      ),
      'segments', (
        select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name) order by s.name), '[]')
        from public.chat_segments as s
      )
    )
  );
end
$$;

create function api.client_card(id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* A client as its page shows it: {client, chats, unbound, segments, known_segments, figures}; client is {id, name, tier, erased_at}, chats
   are [{id, chat_name, accountant, light, fix, deleted_at}], unbound those groups that are nobody's, [{id, chat_name}], known_segments the
   names of all that the reader sees, figures what api.sla_report says of thirty days, with all who wait. Refuses with
   client_not_found, also of one that the reader does not see. */
declare
  client public.clients;
begin
  select k.* into client from public.clients as k where k.id = client_card.id;
  if client.id is null then
    raise exception 'client_not_found' using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'client', to_jsonb(client),
    'chats', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', c.id, 'chat_name', c.chat_name, 'accountant', u.full_name, 'light', coalesce(l.light, 'off'), 'fix', l.fix,
            'deleted_at', c.deleted_at
          )
          order by c.deleted_at is not null, lower(c.chat_name), c.id
        ),
        '[]'
      )
      from public.chats as c
      left join public.users as u on u.id = c.assigned_accountant_id
      left join lateral private.chat_lights(c.chat_id) as l on true
      where c.client_id = client.id
    ),
    'segments', (
      select coalesce(jsonb_agg(distinct s.name), '[]')
      from public.chats as c
      join public.chat_segment_chats as x on x.chat_id = c.chat_id
      join public.chat_segments as s on s.id = x.segment_id
      where c.client_id = client.id
        and c.deleted_at is null
    ),
    'unbound', (
      select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'chat_name', c.chat_name) order by lower(c.chat_name), c.id), '[]')
      from public.chats as c
      where c.type in ('group', 'supergroup')
        and c.client_id is null
        and c.connected_at is not null
        and c.deleted_at is null
        and not c.internal
    ),
    'known_segments', (select coalesce(jsonb_agg(s.name order by s.name), '[]') from public.chat_segments as s),
    'figures', (
      select to_jsonb(r) || jsonb_build_object(
        'waiting', (select count(*) from public.client_requests as w where w.client_id = client.id and w.closed_as is null)
      )
      from api.sla_report(now() - interval '30 days', 'infinity', 'client', client => client.id, whole => true) as r
      where r.key = 'firm'
    )
  );
end
$$;

grant execute on function
  api.list_chats(text, text, uuid, uuid, text, jsonb, integer),
  api.chat_offers(),
  api.chat_card(uuid),
  api.find_messages(uuid, text, jsonb, integer, integer),
  api.list_clients(text, text, uuid, jsonb, integer),
  api.client_card(uuid),
  private.has_words(text[], text),
  private.gravity(text),
  private.chat_lights(bigint)
to authenticated;
