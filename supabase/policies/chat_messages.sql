-- What was written. Partitions carry row security without policies and without grants: only the parent shows rows.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –
--
-- Observers never read message text.

select private.drop_policies('public.chat_messages');

create policy "admins and managers read every message" on public.chat_messages
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the messages of their own chats" on public.chat_messages
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
