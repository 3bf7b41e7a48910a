-- Answers to frequent questions that were offered, and what clients say of them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.faq_answers');

create policy "admins, managers and observers read every answer" on public.faq_answers
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the answers in their own chats" on public.faq_answers
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = faq_answers.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
