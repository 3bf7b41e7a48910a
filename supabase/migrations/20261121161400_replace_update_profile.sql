-- Saving the profile keeps the language that no page offers yet.
set lock_timeout = '5s';

create or replace function api.update_profile(full_name text, locale text, quiet_from time, quiet_until time, alerts_per_hour integer)
returns void
language plpgsql
security definer
set search_path = ''
as $$
/* Changes one's own profile, the language only when one is given; what is refused is named by the constraint that refuses it. A definer:
   people may not write users, and this writes five columns of the row of whoever asks. */
declare
  promise text;
begin
  if private.role() is null then
    raise exception 'person_is_unknown' using errcode = 'PT403';
  end if;
  update public.users as u
  set full_name = btrim(coalesce(update_profile.full_name, '')),
      locale = coalesce(update_profile.locale, u.locale),
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
