-- Corrections of the classifier.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.classification_corrections');

create policy "admins, managers and observers read every correction" on public.classification_corrections
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the corrections in their own chats" on public.classification_corrections
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
