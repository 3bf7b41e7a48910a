-- Exceptional dates. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.calendar_exceptions');

create policy "people of the firm read the calendar exceptions" on public.calendar_exceptions
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add calendar exceptions" on public.calendar_exceptions
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change calendar exceptions" on public.calendar_exceptions
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete calendar exceptions" on public.calendar_exceptions
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
