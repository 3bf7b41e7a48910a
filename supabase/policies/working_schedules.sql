-- Schedules. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_schedules');

create policy "people of the firm read the working schedules" on public.working_schedules
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add schedules" on public.working_schedules
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change schedules" on public.working_schedules
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete schedules" on public.working_schedules
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
