-- Customers of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.clients');

create policy "admins, managers and observers read every client" on public.clients
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the clients of their own chats" on public.clients
for select
to authenticated
using (exists (
  select
  from public.chats as c
  where c.client_id = clients.id
    and c.chat_id = any ((select private.own_chat_ids())::bigint[])
));
