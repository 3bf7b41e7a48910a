-- `/settings`: what an admin may change, by which bounds, and who changed it last.
set lock_timeout = '5s';

alter table public.settings
  add constraint firm_name_is_written check (length(btrim(firm_name)) between 1 and 200) not valid;

grant update (retention_years) on public.settings, api.settings to authenticated;

create function api.settings_page() returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* The settings with what there is to choose from, and for each column the last change of it that the reader may know of: {settings,
   schedules, policies, people, changes: {column: {at, by}}}. */
#variable_conflict use_column
begin
  return (
    select jsonb_build_object(
      'settings', to_jsonb(s),
      'schedules', (
        select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'around_the_clock', w.around_the_clock) order by w.name, w.id)
        from public.working_schedules as w
        where w.archived_at is null
          or w.id = s.default_schedule_id
      ),
      'policies', (
        select jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'target_minutes', p.target_minutes) order by p.name, p.id)
        from public.sla_policies as p
      ),
      'people', (
        select coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'name', u.full_name) order by u.full_name, u.id), '[]')
        from public.users as u
        where u.active
          and u.role in ('admin', 'manager')
      ),
      'changes', (
        select coalesce(jsonb_object_agg(c.name, jsonb_build_object('at', c.happened_at, 'by', private.explained_person(c.actor_id))), '{}')
        from (
          select distinct on (n.name) n.name, a.happened_at, a.actor_id
          from public.audit_log as a
          cross join lateral unnest(a.changed) as n (name)
          where a.entity = 'settings'
            and a.action = 'update'
            and n.name not like 'bot\_%'
          order by n.name, a.id desc
        ) as c
      )
    )
    from api.settings as s
  );
end
$$;

create function api.change_settings(
  firm_name text,
  default_schedule_id uuid,
  default_policy_id uuid,
  head_id uuid,
  files_answer boolean,
  off_hours_reply boolean,
  silent_after_days integer,
  retention_years integer
) returns void
language plpgsql
set search_path = ''
as $$
/* Changes the settings of the firm, all of them at once. Refuses with not_allowed, or the constraint that a value breaks; a schedule that is put
   away breaks the same as one that is not there. */
declare
  promise text;
begin
  if exists (
    select
    from public.working_schedules as w
    join public.settings as f on f.default_schedule_id <> w.id
    where w.id = change_settings.default_schedule_id
      and w.archived_at is not null
  ) then
    raise exception 'settings_default_schedule_id_fkey' using errcode = 'PT422';
  end if;
  update public.settings as s
  set
    firm_name = btrim(coalesce(change_settings.firm_name, '')),
    default_schedule_id = change_settings.default_schedule_id,
    default_policy_id = change_settings.default_policy_id,
    head_id = change_settings.head_id,
    files_answer = change_settings.files_answer,
    off_hours_reply = change_settings.off_hours_reply,
    silent_after_days = change_settings.silent_after_days,
    retention_years = change_settings.retention_years
  where s.id;
  if not found then
    raise exception 'not_allowed' using errcode = 'PT403';
  end if;
exception
  when check_violation or foreign_key_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', promise using errcode = 'PT422';
  when not_null_violation then
    get stacked diagnostics promise = column_name;
    raise exception '%', promise || '_is_chosen' using errcode = 'PT422';
end
$$;

grant execute on function
  api.settings_page(),
  api.change_settings(text, uuid, uuid, uuid, boolean, boolean, integer, integer)
to authenticated;
