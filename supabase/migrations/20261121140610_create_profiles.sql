-- One's own profile: what a person reads and changes about oneself. Role and access are changed by others, elsewhere.
set lock_timeout = '5s';

create view api.my_profile with (security_invoker = true) as
select
  u.id, u.email, u.role, u.full_name, u.telegram_id, u.telegram_username, u.locale, u.quiet_from, u.quiet_until, u.alerts_per_hour,
  u.unreachable_since, u.created_at
from public.users as u
where u.id = (select auth.uid());

comment on view api.my_profile is 'The row of whoever asks, with what only oneself may change.';

grant select on api.my_profile to authenticated;

create function api.update_profile(full_name text, locale text, quiet_from time, quiet_until time, alerts_per_hour integer)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Changes one's own profile; what is refused is named by the constraint that refuses it. A definer: people may not write users, and this
   writes five columns of the row of whoever asks. */
declare
  promise text;
begin
  if private.role() is null then
    raise exception 'person_is_unknown' using errcode = 'PT403';
  end if;
  update public.users as u
  set full_name = btrim(coalesce(update_profile.full_name, '')),
      locale = update_profile.locale,
      quiet_from = update_profile.quiet_from,
      quiet_until = update_profile.quiet_until,
      alerts_per_hour = update_profile.alerts_per_hour
  where u.id = auth.uid();
exception
  when check_violation then
    get stacked diagnostics promise = constraint_name;
    raise exception '%', promise using errcode = 'PT422';
end
$$;

grant execute on function api.update_profile(text, text, time, time, integer) to authenticated;
