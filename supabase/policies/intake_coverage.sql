-- When intake was up. Everybody of the firm reads it: every report says what it does not cover.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.intake_coverage');

create policy "people of the firm read when intake was up" on public.intake_coverage
for select
to authenticated
using ((select private.role()) is not null);
