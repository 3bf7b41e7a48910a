-- Who is in the chats. Names of clients, which observers never read.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.chat_members');

create policy "admins and managers read every member" on public.chat_members
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the members of their own chats" on public.chat_members
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
