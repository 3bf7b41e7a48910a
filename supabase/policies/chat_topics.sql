-- Topics of the chats.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.chat_topics');

create policy "admins, managers and observers read every topic" on public.chat_topics
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the topics of their own chats" on public.chat_topics
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
