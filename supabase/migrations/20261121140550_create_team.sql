-- The people of the firm as those see them who run it.
set lock_timeout = '5s';

create view api.team with (security_invoker = true) as
select
  u.id, u.full_name, u.email, u.role, u.active, u.telegram_id is not null as telegram_linked, u.telegram_username, u.unreachable_because,
  (select count(*) from public.chats as c where c.assigned_accountant_id = u.id and c.deleted_at is null) as chats,
  (select private.role()) = 'admin' as may_change,
  u.created_at
from public.users as u
where (select private.role()) in ('admin', 'manager')
  and u.removed_at is null;

comment on view api.team is 'People of the firm for admins and managers: access, Telegram, how many chats they answer in, and whether the reader may change them.';
grant select on api.team to authenticated;
