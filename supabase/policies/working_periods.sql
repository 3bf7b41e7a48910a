-- Materialised working time; written by its triggers alone. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_periods');

create policy "people of the firm read the working periods" on public.working_periods
for select
to authenticated
using ((select private.role()) is not null);
