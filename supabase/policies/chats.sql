-- Chats the bot has seen.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | all    | –
-- accountant   | own               | –      | –      | –
-- observer     | groups            | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- A private chat bears the name of a person, which observers never read.
-- Title, the bot's standing and why measuring is paused are Telegram's to say (column grants). A chat with messages is not deleted,
-- only taken out of the lists.

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

create policy "admins add chats" on public.chats
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins and managers change chats" on public.chats
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins delete chats" on public.chats
for delete
to authenticated
using ((select private.role()) = 'admin');
