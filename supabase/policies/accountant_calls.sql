-- When clients called for somebody.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.accountant_calls');

create policy "admins, managers and observers read every call" on public.accountant_calls
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the calls of their own chats" on public.accountant_calls
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
