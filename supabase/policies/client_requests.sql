-- Waiting windows. The text of a window lives in chat_messages and follows its policies.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Deleted is only what a late message joined to another window.
-- The engine alone writes windows. Admins and managers act on all, accountants on their own: api.acknowledge_request,
-- api.excuse_request.

select private.drop_policies('public.client_requests');

create policy "admins, managers and observers read every request" on public.client_requests
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the requests of their own chats" on public.client_requests
for select
to authenticated
-- Looked up in a hash: a report asks it of every window of its period.
using (chat_id in (select unnest((select private.own_chat_ids()))));
