-- Campaigns. Everybody of the firm may know that clients were asked.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- States and the end of a survey are not for people to write. A survey with votes is not deleted.

select private.drop_policies('public.feedback_surveys');

create policy "people of the firm read the surveys" on public.feedback_surveys
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add surveys" on public.feedback_surveys
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change surveys" on public.feedback_surveys
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete surveys" on public.feedback_surveys
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
