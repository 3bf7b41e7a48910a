-- Questions with answers.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Use is counted by private.count_faq_uses, where the bot offers it.

select private.drop_policies('public.faq_items');

create policy "people of the firm read the answers to frequent questions" on public.faq_items
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add answers to frequent questions" on public.faq_items
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change answers to frequent questions" on public.faq_items
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete answers to frequent questions" on public.faq_items
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
