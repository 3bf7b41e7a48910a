-- What each version of a schedule said; written by the calendar's triggers alone. Everybody of the firm reads it, to explain a deadline.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.schedule_versions');

create policy "people of the firm read the schedule versions" on public.schedule_versions
for select
to authenticated
using ((select private.role()) is not null);
