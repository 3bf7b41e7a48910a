-- What a page shows, in one question: each costs more on its way than what it asks for.
set lock_timeout = '5s';

create function api.request_page(
  request_id uuid, before_at timestamptz default null, before_id bigint default null, after_at timestamptz default null,
  after_id bigint default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = force_generic_plan
as $$
/* All that the page of a window shows: {ledger, desk, talk}, as api.explain_request, api.request_desk and api.transcript tell them, and
   refused as they refuse. */
begin
  return jsonb_build_object(
    'ledger', api.explain_request(request_id),
    'desk', api.request_desk(request_id),
    'talk', api.transcript(request_id, before_at, before_id, after_at, after_id)
  );
end
$$;

create function api.chat_page(chat uuid, words text default '', before jsonb default null)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* All that the page of a group shows: {card, talk, offers}, as api.chat_card, api.find_messages and api.chat_offers tell them, and refused
   as they refuse; offers is null to who changes no chat. */
begin
  return jsonb_build_object(
    'card', api.chat_card(chat),
    'talk', api.find_messages(chat, words, before),
    'offers', case when private.role() in ('admin', 'manager') then api.chat_offers() end
  );
end
$$;

create function api.policies_page()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* All that the list of policies shows: {policies, colleagues, alerts}, policies as api.policy_list has them, and for an admin colleagues who
   can be sent a test alert, [{id, full_name}], and what became of the latest, as api.test_alerts tells it. */
declare
  is_admin constant boolean := coalesce(private.role() = 'admin', false);
begin
  return jsonb_build_object(
    'policies', (select coalesce(jsonb_agg(to_jsonb(p) order by p.target_minutes, p.name), '[]') from api.policy_list as p),
    'colleagues', (
      select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'full_name', u.full_name) order by u.full_name, u.id), '[]')
      from public.users as u
      where is_admin
        and u.active
        and u.telegram_id is not null
        and u.id <> (select auth.uid())
    ),
    'alerts', case
      when is_admin
      then (select coalesce(jsonb_agg(to_jsonb(a) order by a.created_at desc), '[]') from api.test_alerts() as a)
      else '[]'
    end
  );
end
$$;

grant execute on function
  api.request_page(uuid, timestamptz, bigint, timestamptz, bigint),
  api.chat_page(uuid, text, jsonb),
  api.policies_page()
to authenticated;
