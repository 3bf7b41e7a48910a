-- Alerts raised.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- The engine alone writes alerts. Admins and managers resolve any (api.resolve_alert), accountants acknowledge their own with the window
-- (api.acknowledge_request).

select private.drop_policies('public.sla_alerts');

create policy "admins, managers and observers read every alert" on public.sla_alerts
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the alerts of their own chats" on public.sla_alerts
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = sla_alerts.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
