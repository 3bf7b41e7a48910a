-- Clients as the admin lists them.
set lock_timeout = '5s';

create view api.clients with (security_invoker = true) as
select
  k.id,
  k.name,
  k.tier,
  k.erased_at,
  k.created_at,
  k.updated_at,
  array(select c.chat_name from public.chats as c where c.client_id = k.id and c.deleted_at is null order by c.chat_name) as chat_names,
  (
    select count(*)
    from public.chats as c
    join public.client_requests as w on w.chat_id = c.chat_id and w.closed_as is null
    where c.client_id = k.id
  ) as open_requests
from public.clients as k;

comment on view api.clients is 'Clients whom the reader may see, with the names of their chats and the number of their open windows, as far as the reader may see these.';

grant select on api.clients to authenticated, service_role;
