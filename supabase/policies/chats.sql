-- Chats the bot has seen.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | own               | –      | –      | –
-- observer     | groups            | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –
--
-- A private chat bears the name of a person, which observers never read.

select private.drop_policies('public.chats');

create policy "admins and managers read every chat" on public.chats
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "observers read the chats of clients' groups" on public.chats
for select
to authenticated
using ((select private.role()) = 'observer' and type <> 'private');

create policy "accountants read their own chats" on public.chats
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
