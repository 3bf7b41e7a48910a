-- What one round of the sweep raised had no order among itself but that of its ids, which is none.
set lock_timeout = '5s';

create or replace function api.alerts_page(
  state text default null,
  kind text default null,
  level integer default null,
  person uuid default null,
  since timestamptz default null,
  until timestamptz default null,
  after_at timestamptz default null,
  after_id uuid default null,
  batch integer default 51
) returns jsonb
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
/* Alerts that the reader may see, the newest first: {open, people, many_people, alerts}; `open` counts all that are not resolved. State is
   open or resolved; a person is who answers for the window, was told, or resolved the alert; since and until bound when it was raised;
   after_at and after_id name the last alert of the page before. Of those raised at one instant, as a round of the sweep raises them, the
   highest level comes first, then the earliest deadline. Custom plans, so that each filter that is given is part of the search. */
declare
  last_level integer;
  last_due_at timestamptz;
begin
  select a.level, coalesce(w.due_at, 'infinity')
  into last_level, last_due_at
  from public.sla_alerts as a
  join public.client_requests as w on w.id = a.request_id
  where a.id = after_id;
  -- Who may not see it any more is shown its whole instant: rather twice than never.
  last_level := coalesce(last_level, 101);
  return private.people_to_choose('workers') || jsonb_build_object(
    'open', (select count(*) from public.sla_alerts as a where a.resolved_at is null),
    'alerts', private.alert_cards(array(
      select a.id
      from public.sla_alerts as a
      join public.client_requests as w on w.id = a.request_id
      where (alerts_page.state is null or (a.resolved_at is null) = (alerts_page.state = 'open'))
        and (alerts_page.kind is null or a.kind = alerts_page.kind)
        and (alerts_page.level is null or a.level = alerts_page.level)
        and (alerts_page.since is null or a.created_at >= alerts_page.since)
        and (alerts_page.until is null or a.created_at < alerts_page.until)
        and (alerts_page.after_at is null or a.created_at <= alerts_page.after_at)
        and (
          alerts_page.after_at is null
          or a.created_at < alerts_page.after_at
          or (-a.level, coalesce(w.due_at, 'infinity'), a.id) > (-last_level, last_due_at, alerts_page.after_id)
        )
        and (
          alerts_page.person is null
          or a.resolved_by = alerts_page.person
          or exists (select from public.notices as n where n.alert_id = a.id and n.user_id = alerts_page.person)
          or w.assigned_accountant_id = alerts_page.person
        )
      order by a.created_at desc, a.level desc, coalesce(w.due_at, 'infinity'), a.id
      limit least(batch, 201)
    ))
  );
end
$$;
