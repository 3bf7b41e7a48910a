-- Whose words forwarded and quoting messages hold. Like the messages, observers never read them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.message_sources');

create policy "admins and managers read every source" on public.message_sources
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the sources in their own chats" on public.message_sources
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
