-- What the operator chose for a new firm, in the environment, becomes its first working time, target and ladder (S13).
set lock_timeout = '5s';

create function api.adopt_defaults(defaults jsonb)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
/* Takes over {target_minutes, escalation_minutes, escalations, timezone, weekdays, opens, closes}, each of which may be missing, once in
   the life of a firm: what people change later stays. Returns whether it was this time; all or nothing, with the error of whatever the
   tables refuse. A definer, because the service edits neither calendar nor policies otherwise. */
declare
  firm public.settings;
  gap constant integer := coalesce((defaults ->> 'escalation_minutes')::integer, 30);
  levels constant integer := coalesce((defaults ->> 'escalations')::integer, 5);
begin
  update public.settings set defaults_adopted_at = now() where defaults_adopted_at is null returning * into firm;
  if firm.id is null then
    return false;
  end if;

  update public.sla_policies as p
  set target_minutes = coalesce((defaults ->> 'target_minutes')::integer, p.target_minutes)
  where p.id = firm.default_policy_id;

  if defaults ?| array['escalation_minutes', 'escalations'] then
    perform api.change_ladder(
      firm.default_policy_id,
      (
        select jsonb_agg(s)
        from (
          select l.kind, l.level, l.after_minutes, l.recipients
          from public.ladder_steps as l
          join public.sla_policies as p on p.id = l.policy_id and p.version = l.version
          where p.id = firm.default_policy_id
            and l.kind <> 'escalation'
          union all
          select 'escalation', n, n * gap, case when n = 1 then '{owner,manager}' when n = 2 then '{manager}' else '{manager,head}' end::text[]
          from generate_series(1, levels) as n
        ) as s
      )
    );
  end if;

  update public.working_schedules as s
  set timezone = coalesce(defaults ->> 'timezone', s.timezone)
  where s.id = firm.default_schedule_id;

  if defaults ?| array['weekdays', 'opens', 'closes'] then
    delete from public.working_intervals as i where i.schedule_id = firm.default_schedule_id;
    insert into public.working_intervals (schedule_id, weekday, opens, closes)
    select
      firm.default_schedule_id, d::smallint, coalesce((defaults ->> 'opens')::time, '09:00'), coalesce((defaults ->> 'closes')::time, '18:00')
    from jsonb_array_elements_text(coalesce(defaults -> 'weekdays', '[1, 2, 3, 4, 5]')) as d;
  end if;
  return true;
end
$$;

grant execute on function api.adopt_defaults(jsonb) to service_role;
