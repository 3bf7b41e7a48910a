-- Reactions to messages. Like the messages, observers never read them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.message_reactions');

create policy "admins and managers read every reaction" on public.message_reactions
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the reactions in their own chats" on public.message_reactions
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
