-- Tables that came beside the audit are watched like the rest; sign-ins come into it from their own log.
set lock_timeout = '5s';

create or replace trigger staff_invitations_audited after insert or update or delete on public.staff_invitations
for each row execute function private.record_change('full_name', 'telegram_username');
create or replace trigger broadcasts_audited after insert or update or delete on public.broadcasts
for each row execute function private.record_change('content');
create trigger notification_preferences_audited after insert or update or delete on public.notification_preferences
for each row execute function private.record_change();
create trigger telegram_links_audited after insert or update or delete on public.telegram_links
for each row execute function private.record_change();

create function private.record_sign_in()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
/* What became of a sign-in, as an entry about the person it was tried for; only who got in is known to be that person. A definer: nobody may
   write the audit log by hand. */
declare
  person constant uuid := case when new.outcome not in ('refused', 'reset_requested') then new.user_id end;
begin
  insert into public.audit_log (actor_id, actor_role, action, entity, entity_id, details, address)
  values (
    person,
    (select u.role from public.users as u where u.id = person),
    case new.outcome
      when 'signed_in' then 'sign_in' when 'refused' then 'sign_in_refused' when 'signed_out' then 'sign_out' else new.outcome
    end,
    'users',
    coalesce(new.user_id::text, ''),
    jsonb_strip_nulls(jsonb_build_object('at', new.happened_at, 'reason', new.reason, 'device', new.device)),
    host(new.address)
  );
  return null;
end
$$;

create trigger sign_in_log_audited after insert on public.sign_in_log
for each row execute function private.record_sign_in();
