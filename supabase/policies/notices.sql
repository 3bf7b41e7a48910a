-- Who was told of which window.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.notices');

create policy "admins, managers and observers read every notice" on public.notices
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the notices of their own chats" on public.notices
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = notices.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
