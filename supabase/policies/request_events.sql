-- The ledger of each waiting window.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.request_events');

create policy "admins, managers and observers read every event" on public.request_events
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the events of their own chats" on public.request_events
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = request_events.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
