-- What people of the firm choose for themselves in the bot: when they are away and who stands in, and what to be told of.
set lock_timeout = '5s';

create function private.acting_staff(telegram_id bigint, roles text[] default array['admin', 'manager', 'accountant'])
returns public.users
language plpgsql
set search_path = ''
as $$
/* The person for whom the bot acts from here to the end of the transaction, as the audit log will say. Refuses as private.staff does. */
declare
  person constant public.users := private.staff(telegram_id, roles);
begin
  perform set_config('buhbot.acting_for', person.id::text, true);
  return person;
end
$$;

create function private.firm_zone()
returns text
language sql
stable
set search_path = ''
as $$
/* The zone of the firm's clock. */
  select s.timezone
  from public.settings as f
  join public.working_schedules as s on s.id = f.default_schedule_id
$$;

create function api.staff_absences(telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* When a person is away, now and later, in days of the firm's calendar, and for whom the person answers now: {absences: [{id, first_on,
   last_on, substitute, reason}], stands_in_for: [name]}. */
declare
  person constant public.users := private.staff(telegram_id);
begin
  return jsonb_build_object(
    'absences', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', a.id,
            'first_on', timezone(private.firm_zone(), lower(a.during))::date,
            'last_on', timezone(private.firm_zone(), upper(a.during) - interval '1 microsecond')::date,
            'substitute', (select u.full_name from public.users as u where u.id = a.substitute_id),
            'reason', a.reason
          )
          order by lower(a.during)
        ),
        '[]'
      )
      from public.absences as a
      where a.user_id = person.id
        and (upper(a.during) is null or upper(a.during) > as_of)
    ),
    'stands_in_for', (
      select coalesce(jsonb_agg(u.full_name order by u.full_name), '[]')
      from private.covered_by(person.id, as_of) as c
      join public.users as u on u.id = c
    )
  );
end
$$;

create function api.staff_colleagues(telegram_id bigint, page integer default 0)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Whom a person may name as substitute, eight to a page: {page, pages, people: [{id, full_name}]}. */
declare
  person constant public.users := private.staff(telegram_id);
  answer jsonb;
begin
  with others as materialized (
    select u.id, u.full_name
    from public.users as u
    where u.active
      and u.role <> 'observer'
      and u.id <> person.id
  ),
  amounts as (
    select greatest(ceil(count(*) / 8.0)::integer, 1) as pages from others
  )
  select jsonb_build_object(
    'page', greatest(least(staff_colleagues.page, a.pages - 1), 0),
    'pages', a.pages,
    'people', (
      select coalesce(jsonb_agg(to_jsonb(s) order by s.full_name, s.id), '[]')
      from (
        select o.*
        from others as o
        order by o.full_name, o.id
        limit 8
        offset 8 * greatest(least(staff_colleagues.page, a.pages - 1), 0)
      ) as s
    )
  )
  from amounts as a
  into answer;
  return answer;
end
$$;

create function api.plan_absence(
  telegram_id bigint, first_on date, last_on date, substitute_id uuid default null, reason text default 'vacation',
  as_of timestamptz default now()
)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Records that a person is away from one day to another, both included, on the firm's calendar. Returns staff_absences. Refuses with
   absence_ends_before_it_begins, absence_is_over, absence_is_too_long (a year), absence_overlaps_another, substitute_is_unknown and
   substitutes_form_a_circle (E23). */
declare
  person constant public.users := private.acting_staff(telegram_id);
  zone constant text := private.firm_zone();
begin
  if last_on < first_on then
    raise exception 'absence_ends_before_it_begins' using errcode = 'PT422';
  elsif last_on < timezone(zone, as_of)::date then
    raise exception 'absence_is_over' using errcode = 'PT422';
  elsif last_on >= first_on + 366 then
    raise exception 'absence_is_too_long' using errcode = 'PT422';
  elsif substitute_id is not null and not exists (
    select
    from public.users as u
    where u.id = plan_absence.substitute_id
      and u.active
      and u.role <> 'observer'
      and u.id <> person.id
  ) then
    raise exception 'substitute_is_unknown' using errcode = 'PT422';
  end if;

  begin
    insert into public.absences (user_id, substitute_id, during, reason)
    values (
      person.id,
      plan_absence.substitute_id,
      tstzrange(timezone(zone, first_on::timestamp), timezone(zone, last_on + interval '1 day')),
      plan_absence.reason
    );
  exception
    when exclusion_violation then
      raise exception 'absence_overlaps_another' using errcode = 'PT409';
  end;
  return api.staff_absences(telegram_id, as_of);
end
$$;

create function api.cancel_absence(absence_id uuid, telegram_id bigint, as_of timestamptz default now())
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Ends the own absence: one that has begun ends now, and stays in the figures; one that has not, never was. Returns staff_absences.
   Refuses with unknown_absence. */
declare
  person constant public.users := private.acting_staff(telegram_id);
  planned public.absences;
begin
  select a.*
  from public.absences as a
  where a.id = cancel_absence.absence_id
    and a.user_id = person.id
    and (upper(a.during) is null or upper(a.during) > as_of)
  for update
  into planned;
  if planned.id is null then
    raise exception 'unknown_absence' using errcode = 'PT404';
  end if;
  if lower(planned.during) < as_of then
    update public.absences as a set during = tstzrange(lower(a.during), as_of) where a.id = planned.id;
  else
    delete from public.absences as a where a.id = planned.id;
  end if;
  return api.staff_absences(telegram_id, as_of);
end
$$;

create function api.staff_notifications(telegram_id bigint)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* When and of what a person is told: {quiet_from, quiet_until (HH:MM or null), alerts_per_hour, kinds: [{kind, wanted, locked}]}. */
declare
  person constant public.users := private.staff(telegram_id);
begin
  return jsonb_build_object(
    'quiet_from', to_char(person.quiet_from, 'HH24:MI'),
    'quiet_until', to_char(person.quiet_until, 'HH24:MI'),
    'alerts_per_hour', person.alerts_per_hour,
    'kinds', (
      select jsonb_agg(
        jsonb_build_object(
          'kind', k.kind,
          'wanted', coalesce(p.wanted, true),
          -- What the table's constraint refuses to turn off.
          'locked', k.kind in ('breach', 'escalation')
        )
        order by k.place
      )
      from unnest(array['warning', 'digest', 'chat_notice', 'breach', 'escalation']) with ordinality as k (kind, place)
      left join public.notification_preferences as p on p.user_id = person.id and p.kind = k.kind
    )
  );
end
$$;

create function api.choose_notification(telegram_id bigint, kind text, wanted boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A person wants to be told of a kind, or not. Returns staff_notifications. Refuses with notification_is_locked. */
declare
  person constant public.users := private.acting_staff(telegram_id);
begin
  insert into public.notification_preferences as p (user_id, kind, wanted)
  values (person.id, choose_notification.kind, choose_notification.wanted)
  on conflict on constraint one_choice_per_kind do update set wanted = excluded.wanted
  where p.wanted <> excluded.wanted;
  return api.staff_notifications(telegram_id);
exception
  when check_violation then
    raise exception 'notification_is_locked' using errcode = 'PT422';
end
$$;

create function api.choose_quiet_hours(telegram_id bigint, quiet_from time, quiet_until time)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* A person's quiet hours, on the firm's clock; null twice means none. Returns staff_notifications. Refuses with quiet_hours_are_empty. */
declare
  person constant public.users := private.acting_staff(telegram_id);
begin
  update public.users as u
  set quiet_from = choose_quiet_hours.quiet_from, quiet_until = choose_quiet_hours.quiet_until
  where u.id = person.id;
  return api.staff_notifications(telegram_id);
exception
  when check_violation then
    raise exception 'quiet_hours_are_empty' using errcode = 'PT422';
end
$$;

create function api.choose_alerts_per_hour(telegram_id bigint, amount integer)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* How many messages with a sound a person takes in an hour; the rest rolls up into one (E22). Returns staff_notifications. Refuses with
   alerts_per_hour_is_odd, outside 1 to 1000. */
declare
  person constant public.users := private.acting_staff(telegram_id);
begin
  update public.users as u set alerts_per_hour = choose_alerts_per_hour.amount where u.id = person.id;
  return api.staff_notifications(telegram_id);
exception
  when check_violation then
    raise exception 'alerts_per_hour_is_odd' using errcode = 'PT422';
end
$$;

grant execute on function
  private.acting_staff(bigint, text[]),
  private.firm_zone(),
  api.staff_absences(bigint, timestamptz),
  api.staff_colleagues(bigint, integer),
  api.plan_absence(bigint, date, date, uuid, text, timestamptz),
  api.cancel_absence(uuid, bigint, timestamptz),
  api.staff_notifications(bigint),
  api.choose_notification(bigint, text, boolean),
  api.choose_quiet_hours(bigint, time, time),
  api.choose_alerts_per_hour(bigint, integer)
to service_role;
