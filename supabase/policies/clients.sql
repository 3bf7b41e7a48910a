-- Customers of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | all    | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- A client with chats is not deleted.

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

create policy "admins add clients" on public.clients
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins and managers change clients" on public.clients
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins delete clients" on public.clients
for delete
to authenticated
using ((select private.role()) = 'admin');
