-- Ready texts.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Use is counted by api.use_template, for accountants too.

select private.drop_policies('public.templates');

create policy "people of the firm read the templates" on public.templates
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add templates" on public.templates
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change templates" on public.templates
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete templates" on public.templates
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
